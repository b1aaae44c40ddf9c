"""What holds for all of REST, for graphs, parameters and runs."""

from tests.contract.row import Row, tests_in

PROBLEMS = tests_in("project/test_api_problems.py")
MATRIX = tests_in("project/test_matrix.py")
OPENAPI = tests_in("project/test_openapi.py")
ACCOUNTS = tests_in("accounts/test_api.py")
SUBMIT = tests_in("runs/api/test_submit.py")
JOBS = tests_in("runs/api/test_jobs.py")
GRAPH = tests_in("workflows/test_graph.py")
VALIDATION = tests_in("workflows/test_validation.py")
PARAMETERS = tests_in("workflows/test_parameters.py")
PORTS = tests_in("workflows/test_ports.py")
ENGINE = tests_in("workflows/test_engine.py")
STREAMS = tests_in("workflows/test_engine_streams.py")
KEEPING = tests_in("workflows/test_keeping.py")
MEMORY = tests_in("runs/worker/test_memory.py")
GATE = tests_in("runs/test_gate.py")
STATES = tests_in("runs/test_states.py")
ANSWERS = tests_in("contract/test_answers.py")

REST_RULES = (
    Row(
        "who may",
        {
            "what one may not see is 404": MATRIX("test_the_api", "test_nobody_learns_whether_others_things_are_there"),
            "staff see others' with a token of scope `admin`": MATRIX("test_the_api"),
            "a session needs the CSRF header": MATRIX("test_a_session_needs_the_csrf_token_for_every_change")
            + ACCOUNTS("test_a_session_changes_things_only_with_the_csrf_token"),
            "`read`: sockets, focus, tickets, validation": MATRIX("test_what_each_scope_is_enough_for"),
            "`run`: submit, cancel, re-run, promote, upload": MATRIX("test_what_each_scope_is_enough_for"),
            "`write`: workflows, choices, deleting, webhooks, tokens": MATRIX("test_what_each_scope_is_enough_for"),
            "`admin`: the queue's settings, for staff": MATRIX("test_what_each_scope_is_enough_for"),
        },
    ),
    Row(
        "problems",
        {
            "`application/problem+json` with type, title, status, detail": PROBLEMS(
                "test_what_is_not_there_is_a_problem"
            ),
            "422 names all at once: node, property, code, message": SUBMIT(
                "test_everything_that_is_wrong_is_told_and_no_job_is_made"
            ),
            "405 says `Allow`": PROBLEMS("test_a_method_that_is_not_possible_names_those_that_are"),
            "broken JSON, wrong types, unknown keys": PROBLEMS(
                "test_what_is_no_json_is_a_problem", "test_json_must_be_called_so"
            )
            + SUBMIT("test_keys_that_are_not_known_are_refused")
            + tests_in("workflows/test_api.py")("test_a_body_is_taken_exactly"),
            "what is sent is answered as documented": OPENAPI("test_what_is_sent_is_answered_as_documented"),
            "errors within show nothing of what is within": PROBLEMS(
                "test_errors_within_show_nothing_of_what_is_within"
            ),
        },
    ),
    Row("HEAD", {"works where GET does": PROBLEMS("test_head_works_where_get_does")}),
    Row(
        "lists",
        {
            "`items` and `next`, `?limit=` 1–200 (50), `?cursor=`": JOBS(
                "test_every_order_is_read_in_parts_that_join_without_gap", "test_a_cursor_belongs_to_its_order"
            )
            + ANSWERS("test_a_list_has_50_unless_told_otherwise_and_200_at_most"),
            "times are RFC 3339 in UTC, ids UUIDs": ANSWERS("test_ids_are_uuids_and_times_rfc_3339_in_utc"),
        },
    ),
    Row(
        "Idempotency-Key",
        {
            "a repeat answers 200 with the first": SUBMIT("test_a_repeat_with_the_same_key_answers_with_the_first_job")
            + tests_in("runs/api/test_batches.py")("test_a_repeat_with_the_same_key_answers_with_the_first_batch")
            + tests_in("runs/api/test_rerun.py")("test_a_repeat_with_the_same_key_answers_with_the_first_job")
            + tests_in("workflows/test_api.py")("test_a_repeated_create_answers_with_the_first")
            + tests_in("workflows/test_files_over_rest.py")("test_a_repeated_import_answers_with_the_first")
            + tests_in("runs/api/test_webhooks.py")(
                "test_a_repeat_makes_no_second_one_and_does_not_show_the_secret_again"
            )
            + tests_in("runs/api/test_assets.py")("test_a_repeated_upload_answers_with_the_first")
            + ACCOUNTS("test_a_repeat_gets_the_first_ticket_and_what_is_left_of_its_time"),
            "kept 24 h": SUBMIT("test_a_key_is_forgotten_after_a_day"),
            "per user and path": SUBMIT("test_keys_are_each_users_own_and_each_paths_own"),
            "422 if the body differs": SUBMIT("test_the_same_key_with_another_body_is_refused"),
            "409 while the first is handled": SUBMIT("test_a_key_whose_first_request_is_still_handled_answers_409"),
        },
    ),
)

GRAPH_RULES = (
    Row(
        "document",
        {
            "nodes have all that the contract names": GRAPH("test_a_node_has_all_that_its_document_says"),
            "ids are 1–64 of `A-Z a-z 0-9 _ -`": GRAPH(
                "test_ids_of_letters_digits_and_dashes_are_taken", "test_other_ids_are_refused"
            ),
            "ids used twice are refused": GRAPH("test_ids_used_twice_are_refused_each_once"),
            "unknown keys are kept": GRAPH("test_unknown_keys_are_kept"),
            "drafts are saved": GRAPH("test_a_draft_may_have_unknown_types_and_dangling_edges"),
            "bytes are counted as compact UTF-8": GRAPH("test_bytes_are_counted_in_compact_utf8"),
        },
    ),
    Row(
        "edges",
        {
            "an input takes one, a list many": VALIDATION("test_an_input_takes_one_edge_unless_it_is_a_list"),
            "one to a node that is not there is `bad_edge`": VALIDATION("test_edges_end_at_ports_that_are_there"),
            "a property whose input is connected is ignored": ENGINE(
                "test_a_property_whose_input_is_connected_is_ignored"
            ),
        },
    ),
    Row(
        "port types",
        {
            "only what the contract names converts": PORTS(
                "test_only_what_the_contract_names_converts", "test_values_convert_as_json_writes_them"
            ),
            "an `any` that does not fit is `type_mismatch`": PORTS("test_a_value_that_does_not_fit_is_a_type_mismatch")
            + tests_in("workflows/test_engine_failures.py")(
                "test_a_value_that_does_not_fit_fails_the_node_that_takes_it"
            ),
        },
    ),
    Row(
        "inputs",
        {
            "without a default they are required": VALIDATION(
                "test_required_inputs_are_missing_until_they_are_connected_or_given"
            ),
            "one of type `any` never is": VALIDATION("test_what_may_be_anything_is_never_required"),
        },
    ),
    Row(
        "parameters",
        {
            "by name, or as `<node id>.<property>`": PARAMETERS("test_values_are_given_by_name_or_by_address"),
            "names are unique": VALIDATION("test_everything_wrong_is_said_at_once"),
            "an unknown one is named": PARAMETERS("test_an_unknown_parameter_is_named"),
            "an ill-typed one is `bad_value`": PARAMETERS("test_an_ill_typed_value_is_a_bad_value_once"),
            "assets are given as `{asset: <id>}`": tests_in("runs/test_submit.py")(
                "test_a_picture_must_be_there_and_ones_own_and_a_picture"
            ),
        },
    ),
    Row(
        "codes",
        {
            f"`{code}`": ANSWERS("test_every_code_of_the_contract_is_given")
            for code in (
                "missing_input",
                "unknown_type",
                "unknown_property",
                "bad_value",
                "bad_edge",
                "type_mismatch",
                "cycle",
                "duplicate_id",
                "duplicate_parameter",
                "unknown_parameter",
                "too_large",
            )
        },
    ),
    Row(
        "a run",
        {
            "items are handled one by one, in their source's order": STREAMS(
                "test_items_of_one_source_meet_again_and_a_dropped_one_never_mixes_its_neighbours",
                "test_a_list_input_collects_by_edge_then_by_item",
            ),
            "`cache`: `forever`, seconds, `never`": KEEPING("test_an_equal_call_is_served_where_it_is_asked_for")
            + MEMORY(
                "test_what_is_older_than_a_node_takes_is_made_anew", "test_nothing_is_kept_unless_a_node_asks_for_it"
            )
            + GRAPH("test_all_ways_to_cache_are_taken"),
            "states go as the table says": STATES(
                "test_every_pair_of_states_is_allowed_or_refused_as_the_design_says", "test_terminal_is_for_ever"
            )
            + GATE("test_every_way_from_every_state_leads_where_the_table_says_or_changes_nothing"),
            "never more than the cap": GATE("test_nothing_starts_beyond_the_cap")
            + tests_in("runs/test_gate_races.py")("test_each_job_runs_once_in_order_and_never_more_than_the_cap"),
            "one line over both lanes, normal first": tests_in("runs/api/test_order.py")(
                "test_the_background_starts_when_nothing_of_the_normal_lane_waits"
            ),
            "a lost worker costs an attempt, handing back none": GATE(
                "test_a_lost_worker_costs_attempts_until_the_job_fails",
                "test_a_job_handed_back_keeps_its_place_and_its_attempt",
            ),
        },
    ),
)
