"""The sockets of programs: addresses, frames, what an update has, commands and close codes."""

from tests.contract.job_calls import ASSET, JOB
from tests.contract.row import Row, tests_in

FEED = tests_in("runs/sockets/test_feed.py")
HEADS = tests_in("runs/sockets/test_feed_heads.py")
CROWD = tests_in("runs/sockets/test_crowd.py")
AGAIN = tests_in("runs/sockets/test_crowd_again.py")
JOINING = tests_in("runs/sockets/test_consumers_joining.py")
COMMANDS = tests_in("runs/sockets/test_consumers_commands.py")
WORKFLOW = tests_in("runs/sockets/test_consumers_workflow.py")
RESUMPTION = tests_in("live/test_socket_resumption.py")
SESSION = tests_in("live/test_session.py")
PROTOCOLS = tests_in("project/test_protocols.py")
SERVER = tests_in("project/test_server.py")
TELEMETRY = tests_in("runs/test_telemetry.py")
RECORDER = tests_in("runs/worker/test_recorder.py")

WHOLE_SESSION = SESSION("test_a_grid_of_24_at_a_cap_of_4_keeps_every_promise_of_order")

SOCKETS = (
    Row(
        "/ws/v1/jobs/<uuid:job_id>",
        {
            "by Bearer header, ticket or session": JOINING(
                "test_a_token_opens_the_socket_with_the_job_first",
                "test_a_session_opens_the_socket",
                "test_a_ticket_opens_the_socket_once",
            ),
            "`?after=<id>` continues": COMMANDS("test_the_address_may_say_where_to_resume")
            + RESUMPTION("test_twenty_drops_lose_and_double_nothing"),
            "of an ended job: its `job`, its `snapshot`, and nothing more": FEED(
                "test_an_ended_job_is_told_with_its_snapshot_and_nothing_more"
            )
            + RESUMPTION("test_a_job_that_has_ended_is_told_at_once_and_nothing_follows"),
            "a foreign Origin is refused with 403": RESUMPTION(
                "test_a_handshake_from_a_foreign_origin_is_refused_with_403"
            ),
        },
    ),
    Row(
        "/ws/v1/workflows/<uuid:workflow_id>",
        {
            "every frame of each active job": CROWD("test_a_new_job_is_told_from_its_submit_to_its_end")
            + WHOLE_SESSION,
            "by Bearer header, ticket or session": WORKFLOW("test_sessions_and_tickets_open_it_too"),
            "positions of its first 100 waiting jobs and the focused one": CROWD(
                "test_only_the_first_hundred_and_the_one_in_the_lens_are_told_their_places"
            ),
        },
    ),
)

FRAMES = (
    Row(
        "job",
        {
            "first at every join and resume": FEED("test_a_waiting_job_is_told_with_its_place_and_an_empty_snapshot")
            + WORKFLOW("test_the_lens_comes_first_then_each_active_job_with_its_telemetry"),
            "at every change of state, also of those that came and went": FEED(
                "test_states_that_came_and_went_unseen_are_told_all_the_same"
            ),
            "at every change of position": FEED("test_a_place_in_the_queue_that_moves_up_is_told") + WHOLE_SESSION,
            "`version` never falls; without `outputs`": WHOLE_SESSION,
        },
        gives="version job",
    ),
    Row(
        "snapshot",
        {
            "after the first `job`; a waiting job's is empty, `0-0`": FEED(
                "test_a_waiting_job_is_told_with_its_place_and_an_empty_snapshot"
            ),
            "when a fence begins, `<fence>-0`": FEED("test_a_run_is_told_from_its_beginning_to_its_end_in_order")
            + WHOLE_SESSION,
            "where a resume is not possible": FEED("test_a_resume_that_is_not_possible_gets_a_snapshot"),
        },
        gives="id snapshot",
    ),
    Row(
        "update",
        {
            "`after` is the id before it on this socket": FEED(
                "test_a_reader_that_comes_back_gets_what_it_missed_as_one_update"
            )
            + WHOLE_SESSION,
            "several may be merged": FEED("test_a_slow_reader_gets_what_waits_merged_into_one_update"),
            "comes after the `job` that says running, and before its last": FEED(
                "test_a_run_is_told_from_its_beginning_to_its_end_in_order"
            )
            + WHOLE_SESSION,
            "every node's last status comes before the job's": tests_in("runs/worker/test_executor.py")(
                "test_every_nodes_last_status_comes_before_the_jobs_end"
            )
            + WHOLE_SESSION,
        },
        gives="id seq after nodes edges text values products logs calls plan providers",
    ),
    Row(
        "asset",
        {
            "created": FEED("test_a_product_is_told_as_an_asset_too") + WHOLE_SESSION,
            "deleted": tests_in("runs/api/test_asset_deletion.py")("test_who_follows_its_workflow_or_job_is_told"),
        },
        gives="event asset",
    ),
    Row(
        "focus",
        {
            "this user's, on the workflow's socket": CROWD(
                "test_the_lens_is_told_whenever_it_moves_and_to_its_owner_alone"
            ),
            "to all of a person's sockets": WORKFLOW(
                "test_focus_is_acknowledged_and_told_here_and_wherever_its_owner_looks"
            ),
        },
        gives="pinned",
    ),
    Row("head", {"the newest `id`, every 15 s": HEADS("test_the_newest_id_is_said_again_and_again")}, gives="id"),
    Row(
        "ack",
        {"`ref` and `result`": COMMANDS("test_cancel_is_acknowledged_with_the_job_and_then_seen")},
        gives="ref result",
    ),
    Row(
        "error",
        {
            "`ref` and `problem`, as REST's": COMMANDS(
                "test_what_is_no_command_gets_a_polite_error_and_the_socket_stays",
                "test_what_is_wrong_is_named_as_over_rest",
            )
        },
        gives="ref problem",
    ),
)
"""Each has `type`, `job_id` and `workflow_id` besides; `focus`, `ack` and `error` a `job_id` where one is meant."""

FOLDING = TELEMETRY("test_a_batch_replaces_only_the_fields_that_it_names", "test_null_clears_a_field")
EXTENDING = TELEMETRY("test_text_appends_and_lists_extend_in_their_order")
ARRIVES = RECORDER("test_everything_that_the_engine_says_arrives")
UPDATES = (
    Row(
        "nodes",
        {"replaced field by field, null clears": FOLDING + WHOLE_SESSION},
        gives="status progress started_at elapsed_ms error cached cost",
    ),
    Row("edges", {"replaced field by field": FOLDING + WHOLE_SESSION}, gives="state count"),
    Row("text", {"appends": EXTENDING + RESUMPTION("test_twenty_drops_lose_and_double_nothing")}),
    Row("values", {"replaced by output": FOLDING + ARRIVES}),
    Row(
        "products", {"extend": EXTENDING + RECORDER("test_products_are_told_when_their_rows_are_written")}, gives=ASSET
    ),
    Row(
        "logs",
        {"extend, the last 1,000 stay": TELEMETRY("test_only_the_newest_thousand_log_lines_stay") + ARRIVES},
        gives="at level node message",
    ),
    Row("calls", {"extend": EXTENDING + ARRIVES}, gives="node id tool arguments result"),
    Row(
        "plan",
        {"replaced": TELEMETRY("test_a_batch_replaces_only_the_fields_that_it_names") + ARRIVES},
        gives="task state",
    ),
    Row("providers", {"extend": EXTENDING + ARRIVES}, gives="node provider model status tokens cost"),
)
"""What an update may have, and the fields of each entry."""

STATUSES = "waiting running completed failed cancelled skipped bypassed"
EDGE_STATES = "active completed drained"
JOB_FRAME = JOB.replace(" outputs", "")

COMMAND_ROWS = (
    Row(
        "cancel",
        {"is acknowledged, and seen": COMMANDS("test_cancel_is_acknowledged_with_the_job_and_then_seen")},
        takes="ref job_id",
    ),
    Row("focus", {"moves one's own lens": COMMANDS("test_focus_moves_ones_own_lens")}, takes="ref job_id pinned"),
    Row(
        "run",
        {
            "its result is the job": COMMANDS("test_run_submits_a_new_job_of_the_workflow") + WHOLE_SESSION,
            "`identical_to` as REST": COMMANDS("test_run_says_which_earlier_run_was_the_same"),
            "takes what POST jobs takes": COMMANDS(
                "test_a_run_goes_to_the_lane_that_it_names", "test_run_is_refused_as_rest_refuses_it"
            ),
        },
        takes="ref body",
    ),
    Row(
        "resume",
        {
            "continues one job": COMMANDS("test_resume_begins_again_behind_the_last_id"),
            "any of a workflow's": WORKFLOW("test_resume_continues_any_of_its_jobs_and_no_others") + WHOLE_SESSION,
        },
        takes="ref job_id after",
    ),
)

CLOSE_CODES = (
    Row(
        "4401",
        {
            "not signed in": JOINING("test_who_is_not_signed_in_is_closed_with_4401"),
            "within 5 s of a token's revocation": JOINING(
                "test_a_socket_is_closed_within_5_s_when_its_token_is_no_longer_good"
            ),
        },
    ),
    Row(
        "4404",
        {
            "not found or not yours": JOINING(
                "test_what_is_not_there_is_closed_with_4404", "test_somebody_elses_job_is_closed_with_4404"
            )
        },
    ),
    Row("4429", {"too slow: resume from the last id": JOINING("test_a_client_that_takes_nothing_is_closed_with_4429")}),
    Row("1009", {"more than 64 KiB": PROTOCOLS("test_a_message_over_64_kib_closes_with_1009")}),
    Row("1012", {"the server restarts": SERVER("test_a_signal_sends_sockets_away_with_1012_and_ends_at_once")}),
    Row(
        "1013",
        {
            "database or Redis away: try again": JOINING(
                "test_a_ticket_that_can_not_be_looked_up_is_to_be_tried_again"
            ),
            "a deleted job's id is given again, and `version` would fall: come back": AGAIN(
                "test_an_id_that_is_given_again_is_told_to_who_joins_anew",
                "test_such_a_job_is_found_by_its_hint_or_by_looking",
            ),
        },
    ),
)
