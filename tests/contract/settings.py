"""The settings with their defaults as `docs/settings.md` writes them, and the commands."""

from tests.contract.row import Later, Row, tests_in

SETTINGS_TESTS = tests_in("project/test_settings.py")
DOCUMENT = tests_in("project/test_settings_document.py")
SUPERVISOR = tests_in("project/test_supervisor.py")
SERVER = tests_in("project/test_server.py")
GROUND = tests_in("project/test_ground.py")
LEDGER = tests_in("runs/pool/test_ledger.py")
ORDER = tests_in("runs/api/test_order.py")
EXECUTOR = tests_in("runs/worker/test_executor.py")
GRAPH = tests_in("workflows/test_graph.py")
CANARY = tests_in("live/test_canary.py")
BESIDE = tests_in("live/test_beside.py")
LIVE = tests_in("live/test_product.py")
STOP = tests_in("faults/test_stop.py")
START = tests_in("faults/test_start.py")
RETENTION = tests_in("runs/test_retention.py")
COMMANDS = tests_in("accounts/test_commands.py")
RUNNING = tests_in("runs/test_run_workflow.py")
LIVE_COMMANDS = tests_in("live/test_commands.py")
IMPORTING = tests_in("workflows/test_import_workflow.py")
DOCTOR = tests_in("project/test_doctor.py")
CHAT = tests_in("workflows/nodes/test_chat.py")
LIVE_CHAT = tests_in("live/test_chat.py")

SETTINGS = (
    Row(
        "HOST", {"the address that is listened on": SERVER("test_it_listens_on_a_host_and_port")}, default="`127.0.0.1`"
    ),
    Row(
        "PORT",
        {
            "its port": START("test_a_port_in_use_is_named_with_what_to_do"),
            "two installations run side by side": BESIDE("test_two_installations_run_side_by_side"),
        },
        default="`8000`",
    ),
    Row(
        "DATA_DIR",
        {
            "all that is kept": LIVE("test_nothing_that_it_keeps_can_be_read_by_others"),
            "removing it resets everything": BESIDE("test_removing_the_data_folder_resets_everything"),
        },
        default="`var`",
    ),
    Row(
        "DATABASE_URL",
        {
            "PostgreSQL instead of SQLite": tests_in("runs/test_gate_races.py")(
                "test_each_job_runs_once_in_order_and_never_more_than_the_cap"
            )
        },
        default="SQLite in `DATA_DIR`",
    ),
    Row("REDIS_URL", {"an outside Redis": CANARY("test_no_secret_is_told_anywhere")}, default="the embedded Valkey"),
    Row(
        "PUBLIC_URL",
        {"where people find it": COMMANDS("test_a_link_leads_to_where_this_machine_finds_it")},
        default="–",
    ),
    Row(
        "ALLOWED_HOSTS",
        {
            "other names are refused": tests_in("project/test_origin.py")(
                "TestHandshake::test_a_name_that_is_not_ours_is_refused_so_that_no_page_can_rebind_it"
            )
        },
        default="the loopback names and `HOST`",
    ),
    Row(
        "SECRET_KEY",
        {"signs, and is told nowhere": CANARY("test_no_secret_is_told_anywhere")},
        default="made by Loupe, kept in `DATA_DIR/secret_key`",
    ),
    Row(
        "MAX_CONCURRENT_JOBS",
        {
            "the cap": tests_in("runs/test_gate.py")("test_nothing_starts_beyond_the_cap"),
            "1: one after another, in order": tests_in("runs/test_gate.py")(
                "test_at_cap_1_jobs_run_in_the_order_of_their_submits"
            ),
        },
        default="`4`",
    ),
    Row(
        "MAX_CONCURRENT_JOBS_PER_WORKFLOW",
        {"holds back its own and nobody behind": ORDER("test_a_bound_holds_back_its_own_and_nobody_behind_them")},
        default="`0`",
    ),
    Row(
        "MAX_CONCURRENT_JOBS_PER_USER",
        {
            "holds back its own and nobody behind": ORDER(
                "test_a_bound_holds_back_its_own_and_nobody_behind_them",
                "test_at_the_bound_one_more_waits_and_at_one_less_it_starts",
            )
        },
        default="`0`",
    ),
    Row(
        "QUEUE_ORDER",
        {
            "first in, first out": tests_in("runs/test_gate.py")(
                "test_at_cap_1_jobs_run_in_the_order_of_their_submits"
            ),
            "and no other": SETTINGS_TESTS("test_a_setting_that_cannot_be_is_named_with_what_to_do"),
        },
        default="`fifo`",
    ),
    Row(
        "WEB_PROCESSES",
        {"several on the one port": BESIDE("test_web_processes_share_a_port_and_tell_the_same")},
        default="`1`",
    ),
    Row("WORKERS", {"unset: as many as the cap, following it": LIVE("test_the_pool_follows_the_cap")}, default="`0`"),
    Row(
        "MAX_WAITING_JOBS_PER_USER",
        {"beyond, 429": tests_in("runs/api/test_submit.py")("test_too_many_waiting_jobs_of_one_person_are_refused")},
        default="`20000`",
    ),
    Row(
        "MAX_BATCH_JOBS",
        {
            "a larger one is refused whole": tests_in("runs/api/test_batches.py")(
                "test_there_is_a_bound_that_nothing_passes"
            )
        },
        default="`5000`",
    ),
    Row(
        "LEASE_SECONDS",
        {
            "a worker's right ends with it": tests_in("runs/pool/test_sweep.py")(
                "test_a_job_whose_lease_ran_out_goes_back_to_the_queue"
            )
        },
        default="`30`",
    ),
    Row(
        "MAX_ATTEMPTS",
        {
            "then the job fails with `worker_lost`": tests_in("runs/test_gate.py")(
                "test_a_lost_worker_costs_attempts_until_the_job_fails"
            )
        },
        default="`3`",
    ),
    Row(
        "DRAIN_SECONDS",
        {"what runs may go on so long": STOP("test_a_signal_stops_all_of_it_and_hands_the_job_back")},
        default="`5`",
    ),
    Row(
        "JOB_TIMEOUT_SECONDS",
        {"then it fails with `timeout`": EXECUTOR("test_a_job_that_takes_too_long_fails_and_says_so")},
        default="`3600`",
    ),
    Row(
        "WORKER_MEMORY_BYTES",
        {
            "beyond, its job fails": tests_in("faults/test_recovery.py")(
                "test_a_job_that_needs_too_much_memory_fails_and_the_others_go_on"
            )
        },
        default="`2147483648` (2 GiB)",
    ),
    Row(
        "MIN_FREE_BYTES",
        {"less counts as full": GROUND("test_a_disk_without_room_is_named")},
        default="`67108864` (64 MiB)",
    ),
    Row(
        "MAX_OUTPUT_BYTES",
        {"beyond, the job fails": EXECUTOR("test_a_job_that_stores_too_much_fails_and_says_so")},
        default="`1073741824` (1 GiB)",
    ),
    Row(
        "MAX_KEPT_RESULTS",
        {"the oldest go first": tests_in("runs/worker/test_memory.py")("test_the_oldest_results_go_first")},
        default="`100000`",
    ),
    Row(
        "MAX_GRAPH_NODES",
        {"and none more": GRAPH("test_as_many_nodes_and_edges_as_allowed_and_none_more")},
        default="`500`",
    ),
    Row(
        "MAX_GRAPH_EDGES",
        {"and none more": GRAPH("test_as_many_nodes_and_edges_as_allowed_and_none_more")},
        default="`2000`",
    ),
    Row(
        "MAX_GRAPH_BYTES",
        {"as compact UTF-8": GRAPH("test_bytes_are_counted_in_compact_utf8")},
        default="`1048576` (1 MiB)",
    ),
    Row(
        "STORAGE_QUOTA_PER_USER",
        {
            "an upload beyond is 413": tests_in("runs/api/test_assets.py")(
                "test_an_upload_beyond_the_quota_is_refused"
            ),
            "a job beyond fails": EXECUTOR("test_a_job_that_passes_its_persons_quota_fails_and_says_so"),
        },
        default="`0`",
    ),
    Row(
        "MAX_UPLOAD_BYTES",
        {
            "beyond, 413": tests_in("runs/api/test_assets.py")("test_too_large_a_file_is_refused")
            + SUPERVISOR("test_the_web_process_takes_a_body_with_the_largest_upload_in_it")
        },
        default="`268435456` (256 MiB)",
    ),
    Row(
        "RETENTION_DAYS",
        {
            "runs that ended longer ago go": RETENTION(
                "test_runs_that_ended_long_ago_go_with_what_they_made", "test_the_sweep_keeps_the_rules_of_the_settings"
            )
        },
        default="`0`",
    ),
    Row(
        "RETENTION_JOBS",
        {"all but the newest so many go": RETENTION("test_all_but_the_newest_of_each_workflow_go")},
        default="`0`",
    ),
    Row(
        "HTTP_ALLOW",
        {
            "may be reached although not global": SETTINGS_TESTS("test_what_may_be_reached_is_told_to_the_guard")
            + tests_in("workflows/test_outgoing.py")("test_what_is_allowed_is_allowed_at_its_port_alone")
        },
        default="–",
    ),
    Row(
        "METRICS_TOKEN",
        {"opens `/metrics`": tests_in("project/test_metrics.py")("test_nobody_else_may_ask")},
        default="–",
    ),
    Row(
        "ENV_FILE",
        {"a `.env` is read too": SETTINGS_TESTS("test_a_file_of_settings_is_read_and_the_environment_goes_first")},
        default="`.env`",
    ),
    Row(
        "LOUPE_DEMO",
        {"0: no example workflows": tests_in("project/test_first_start.py")("test_loupe_demo_leaves_the_examples_out")},
        default="`1`",
    ),
    Row(
        "LOG_LEVEL",
        {"what is written to the logs": CANARY("test_no_secret_is_told_anywhere")},
        default="`WARNING`",
    ),
    Row(
        "LLM_BASE_URL",
        {"where `llm.*` asks": CHAT("test_the_service_may_be_on_this_machine_but_nothing_else")},
        default="–",
    ),
    Row(
        "LLM_API_KEY",
        {
            "its key, told nowhere": LIVE_CHAT("test_the_key_is_in_nothing_that_is_kept_or_shown")
            + CANARY("test_no_secret_is_told_anywhere")
        },
        default="–",
    ),
    Row(
        "LLM_MODEL",
        {
            "the model of `llm.*`": CHAT(
                "test_a_node_names_its_model_and_may_leave_the_temperature_to_it", "test_what_is_not_set_is_named"
            )
        },
        default="–",
    ),
    Row("MEDIA_URL", {"files in object storage": Later("object storage")}),
    Row("STORAGE_URL", {"files in object storage": Later("object storage")}),
)

MANAGEMENT = (
    Row(
        "create_token",
        {
            "prints the token alone on one line": COMMANDS("test_a_token_is_printed_alone_and_is_good"),
            "`--scope`, `--days`": COMMANDS("test_scopes_days_and_a_name_may_be_given"),
            "`--create`": COMMANDS("test_a_user_who_is_missing_is_made_only_if_asked"),
            "`--staff`, `--superuser`": COMMANDS("test_the_user_may_be_made_staff"),
        },
        takes="user --scope --days --name --create --staff --superuser",
    ),
    Row(
        "run_workflow",
        {
            "an id or a JSON file, `--param`, `--out`": LIVE_COMMANDS(
                "test_a_photograph_goes_in_and_a_picture_comes_out"
            )
            + RUNNING("test_a_workflow_runs_to_its_end_and_the_job_is_printed"),
            "`--follow`": RUNNING("test_who_follows_sees_nodes_and_streamed_text"),
            "exit 0 completed, 1 failed": LIVE_COMMANDS("test_a_workflow_that_fails_exits_with_1"),
            "2 bad input": LIVE_COMMANDS("test_bad_input_exits_with_2"),
            "130 cancelled on Ctrl-C": LIVE_COMMANDS("test_ctrl_c_cancels_the_job_and_exits_with_130"),
            "for `owner` unless `--owner` says otherwise": RUNNING("test_somebody_elses_workflow_is_not_there"),
        },
        takes="workflow --param --follow --out --owner",
    ),
    Row(
        "import_workflow",
        {
            "files become workflows": IMPORTING(
                "test_documents_and_bare_graphs_become_workflows_whose_ids_are_printed"
            ),
            "`--owner`": IMPORTING("test_the_owner_must_be_there"),
        },
        takes="files --owner",
    ),
    Row(
        "sign_in_link",
        {
            "once": COMMANDS("test_a_link_signs_in_once"),
            "15 minutes": tests_in("accounts/test_sign_in.py")("test_an_old_link_does_not_work"),
            "one button, and the POST behind it signs in": tests_in("accounts/test_sign_in.py")(
                "test_looking_at_a_link_uses_nothing_up", "test_a_link_needs_the_form_that_it_showed"
            ),
        },
        takes="user",
    ),
    Row(
        "workers",
        {
            "a pool on another machine": LIVE("test_a_pool_of_its_own_works_beside_and_ends_when_told"),
            "SIGTERM hands back what is safe to repeat, at no attempt": LEDGER(
                "test_a_job_that_is_handed_back_has_lost_no_attempt"
            )
            + STOP("test_a_signal_stops_all_of_it_and_hands_the_job_back"),
            "the others fail with `worker_lost`": tests_in("runs/test_gate.py")(
                "test_what_is_unsafe_to_repeat_fails_when_its_worker_goes"
            ),
        },
        takes="--count",
    ),
    Row(
        "prune",
        {"the retention rules": RETENTION("test_the_command_keeps_the_rules_that_it_is_given_and_tries_them_first")},
        takes="--days --jobs --dry-run",
    ),
    Row(
        "doctor",
        {
            "checks database, Redis, storage, workers": DOCTOR("test_the_command_lists_every_check")
            + LIVE("test_the_doctor_finds_nothing_wrong"),
            "says what to do": DOCTOR(
                "test_it_says_what_to_do_without_redis_and_tells_no_password",
                "test_the_command_ends_with_1_when_there_is_something_to_do",
            ),
        },
    ),
    Row("run", {"what `make run` starts": LIVE("test_it_says_that_it_is_ready")}, takes="--with-parent"),
    Row(
        "worker",
        {
            "one worker process, for a pool": tests_in("runs/worker/test_process.py")(
                "test_a_worker_runs_all_that_waits_in_its_order", "test_a_worker_tells_that_it_has_come_up"
            )
        },
        takes="name --arrival",
    ),
)
"""All through `./loupe`."""
