"""The calls of REST, under `/api/v1`, and what answers outside of it."""

from tests.contract.job_calls import ASSET_CALLS, JOB_CALLS, LIST, PAGE
from tests.contract.row import Later, Row, tests_in

ACCOUNTS = tests_in("accounts/test_api.py")
TOKENS = tests_in("accounts/test_tokens.py")
WEBHOOKS = tests_in("runs/api/test_webhooks.py")
OUTBOX = tests_in("runs/test_outbox.py")
SENDER = tests_in("runs/pool/test_sender.py")
DOCUMENT = tests_in("project/test_api_document.py")
PROBLEMS = tests_in("project/test_api_problems.py")
HEALTH = tests_in("project/test_health.py")
METRICS = tests_in("project/test_metrics.py")
WORKFLOWS = tests_in("workflows/test_api.py")
VERSIONS = tests_in("workflows/test_versions.py")
FILES = tests_in("workflows/test_files_over_rest.py")
DELETION = tests_in("runs/api/test_workflow_deletion.py")
SCOPE = tests_in("runs/api/test_scope.py")
JOBS = tests_in("runs/api/test_jobs.py")
CANCELLING = tests_in("runs/api/test_cancelling.py")

WORKFLOW = "id name description graph version parameters created_at updated_at"

ACCOUNT_CALLS = (
    Row(
        "GET /me",
        {
            "who one is, with scopes as granted": ACCOUNTS("test_a_token_acts_for_its_user_with_its_scopes"),
            "a session has `write`, staff's too": ACCOUNTS(
                "test_a_session_reads_and_has_write", "test_the_session_of_staff_has_no_more_scopes"
            ),
        },
        gives="id username is_staff scopes",
    ),
    Row(
        "GET /tokens",
        {"one's own that stand, in pages, without their secrets": TOKENS("test_the_list_comes_in_pages")},
        takes=PAGE,
        gives=LIST,
    ),
    Row(
        "POST /tokens",
        {
            "201 with `token`, shown this once": TOKENS(
                "test_a_token_is_made_used_listed_and_revoked",
                "test_a_repeat_makes_no_second_token_and_does_not_show_the_secret_again",
            ),
            "of no more than one's own scopes": TOKENS(
                "test_only_who_holds_a_scope_gives_it", "test_admin_is_for_staff_whatever_a_token_says"
            ),
            "ends after `days`": TOKENS("test_an_expired_token_says_so"),
        },
        takes="name scopes days",
        gives="token id name prefix scopes created_at last_used_at expires_at",
    ),
    Row(
        "DELETE /tokens/{token_id}",
        {"204; the token is good no more": TOKENS("test_a_token_is_made_used_listed_and_revoked")},
    ),
    Row(
        "POST /ws-tickets",
        {
            "201; good once": ACCOUNTS("test_a_ticket_is_good_once"),
            "for 30 s": ACCOUNTS("test_a_ticket_is_not_kept_longer_than_it_is_good"),
        },
        gives="ticket expires_in",
    ),
    Row(
        "GET /webhooks",
        {
            "one's own, without secrets": WEBHOOKS(
                "test_a_webhook_is_made_listed_and_deleted", "test_the_database_holds_no_secret_that_can_be_read"
            )
        },
        takes=PAGE,
        gives=LIST,
    ),
    Row(
        "POST /webhooks",
        {
            "201 with `secret`, shown once": WEBHOOKS(
                "test_a_webhook_is_made_listed_and_deleted",
                "test_a_repeat_makes_no_second_one_and_does_not_show_the_secret_again",
            ),
            "`job.ended`, whatever the end": OUTBOX(
                "test_a_run_tells_of_its_products_and_its_end",
                "test_every_way_to_an_end_is_told_once",
                "test_runs_that_leave_the_queue_together_are_told_of_each",
                "test_what_is_rolled_back_is_not_told",
            ),
            "`batch.ended`": OUTBOX("test_a_batch_ends_with_its_last_run_and_once"),
            "`asset.created`": OUTBOX("test_a_run_tells_of_its_products_and_its_end", "test_an_upload_is_told_of_too"),
            "of one workflow with `workflow_id`": OUTBOX(
                "test_one_of_a_workflow_hears_of_that_alone_and_nobody_hears_of_others_runs"
            ),
            "a forbidden address is refused when it is set": WEBHOOKS(
                "test_an_address_that_may_not_be_reached_is_refused"
            ),
            "and again when it is called": SENDER(
                "test_a_name_that_leads_elsewhere_when_it_is_called_is_refused", "test_a_redirect_is_not_followed"
            ),
            "its body is `{type, timestamp, data}`": SENDER(
                "test_a_receiver_gets_the_job_as_rest_has_it_and_can_verify_it",
                "test_products_and_batches_are_told_as_rest_has_them",
            ),
            "`webhook-id`, `webhook-timestamp`, `webhook-signature` by Standard Webhooks": SENDER(
                "test_the_signature_is_that_of_the_specification",
                "test_a_receiver_gets_the_job_as_rest_has_it_and_can_verify_it",
            ),
            "tried again, with the same `webhook-id` and body": SENDER(
                "test_after_a_500_it_is_tried_again_with_the_same_id_and_body",
                "test_each_next_try_is_later_and_not_at_the_same_moment_for_all",
                "test_what_a_sender_that_was_killed_had_taken_is_sent_again_with_the_same_id",
                "test_one_that_does_not_answer_in_time_is_tried_again",
            ),
            "410 disables it": SENDER("test_410_disables_it_and_ends_what_still_waits"),
            "one that hangs holds nobody up": SENDER(
                "test_who_hangs_is_left_and_holds_nobody_up", "test_an_answer_without_end_is_left_at_once"
            ),
            "so many a person, then 422": WEBHOOKS(
                "test_a_person_has_so_many_and_no_more", "test_many_at_once_are_no_more_either"
            ),
        },
        takes="url events workflow_id",
        gives="secret id url events workflow_id created_at disabled_at disabled_why",
    ),
    Row("DELETE /webhooks/{webhook_id}", {"204": WEBHOOKS("test_a_webhook_is_made_listed_and_deleted")}),
    Row(
        "GET /webhooks/{webhook_id}/deliveries",
        {
            "what was sent and answered": WEBHOOKS("test_its_deliveries_are_listed_a_page_at_a_time"),
            "kept for a time, and not without number": OUTBOX(
                "test_deliveries_that_have_ended_go_when_they_are_old_or_too_many",
                "test_one_that_has_waited_for_two_days_is_given_up",
            ),
        },
        takes=PAGE,
        gives=LIST,
    ),
    Row(
        "GET /openapi.json",
        {
            "every call, with what 422 means": DOCUMENT(
                "test_every_call_says_in_words_what_it_does_and_what_422_means", "test_every_reference_leads_somewhere"
            )
            + PROBLEMS("test_the_document_lists_every_call_once")
        },
    ),
    Row(
        "GET /docs",
        {"to look at, without the network": PROBLEMS("test_the_page_of_the_api_needs_no_network_and_no_inline_script")},
    ),
)

WORKFLOW_CALLS = (
    Row(
        "GET /node-types",
        {"every type with its inputs and outputs": WORKFLOWS("test_node_types_say_what_they_take_and_give")},
        takes=PAGE,
        gives=LIST,
    ),
    Row(
        "GET /workflows",
        {
            "one's own, whole, the last changed first": WORKFLOWS(
                "test_lists_hold_whole_workflows_and_the_last_changed_first",
                "test_a_list_is_read_in_parts_that_join_without_gap",
            )
        },
        takes=PAGE,
        gives=LIST,
    ),
    Row(
        "POST /workflows",
        {
            "201": WORKFLOWS("test_a_workflow_is_created_with_its_parameters"),
            "drafts are taken, what is malformed is 422": WORKFLOWS(
                "test_a_draft_may_be_saved_that_could_not_run",
                "test_what_is_no_graph_is_refused_with_all_that_is_wrong",
            ),
        },
        takes="name description graph",
        gives=WORKFLOW,
    ),
    Row(
        "GET /workflows/{workflow_id}",
        {
            "as it was saved, unknown keys and all": WORKFLOWS(
                "test_what_was_created_is_read_again_unknown_keys_and_all"
            )
        },
        gives=WORKFLOW,
    ),
    Row(
        "PUT /workflows/{workflow_id}",
        {
            "the next version": WORKFLOWS("test_replacing_makes_the_next_version"),
            "412 when it moved from `If-Match`": WORKFLOWS(
                "test_a_change_of_a_version_that_moved_is_refused",
                "test_a_refusal_for_its_version_says_which_it_has",
            ),
        },
        takes="name description graph",
        gives=WORKFLOW,
    ),
    Row(
        "PATCH /workflows/{workflow_id}",
        {
            "changes what is given": WORKFLOWS("test_a_change_leaves_the_rest_as_it_is"),
            "412 when it moved from `If-Match`": WORKFLOWS("test_a_change_of_a_version_that_moved_is_refused"),
        },
        takes="name description graph",
        gives=WORKFLOW,
    ),
    Row(
        "DELETE /workflows/{workflow_id}",
        {
            "204 with its jobs": JOBS("test_a_workflow_goes_with_its_jobs_once_none_is_active"),
            "409 while a job is active": DELETION("test_while_a_job_is_active_it_stays_with_all_of_its_jobs"),
            "`?cancel=true`: 202, and it goes when they have ended": DELETION(
                "test_one_that_runs_is_seen_no_more_and_goes_when_the_run_has_ended"
            ),
            "412 when it moved from `If-Match`": DELETION(
                "test_one_that_has_moved_on_stays",
                "test_one_that_moves_on_between_the_look_and_the_deletion_stays",
            ),
        },
        takes="cancel",
    ),
    Row(
        "GET /workflows/{workflow_id}/export",
        {"a document that `import` takes": FILES("test_what_was_exported_is_imported_with_all_that_it_had")},
        gives="name description graph",
    ),
    Row(
        "POST /workflows/import",
        {
            "201 with `warnings`": FILES(
                "test_what_was_exported_is_imported_with_all_that_it_had",
                "test_assets_that_one_does_not_have_are_named_and_stay",
            ),
            "documents of nodetool": Later("the formats of others"),
            "documents of comfyui": Later("the formats of others"),
        },
        takes="document format",
        gives=f"{WORKFLOW} warnings",
    ),
    Row(
        "POST /workflows/{workflow_id}/validation",
        {
            "200 with everything that is wrong; needs scope `read`": SCOPE(
                "test_validation_tells_what_would_run_and_makes_nothing"
            )
            + tests_in("runs/test_submit.py")("test_validation_says_the_same_and_makes_nothing"),
        },
        takes="params scope",
        gives="errors scope",
    ),
    Row(
        "GET /workflows/{workflow_id}/versions",
        {"the newest first": VERSIONS("test_the_versions_are_listed_the_newest_first_a_page_at_a_time")},
        takes=PAGE,
        gives=LIST,
    ),
    Row(
        "GET /workflows/{workflow_id}/versions/{number}",
        {"one with its graph": VERSIONS("test_a_version_is_read_with_its_graph")},
        gives="version digest created_at graph",
    ),
    Row(
        "POST /workflows/{workflow_id}/versions/{number}/restoration",
        {"brings one back as the next version": VERSIONS("test_an_older_graph_comes_back_as_the_next_version")},
        gives=WORKFLOW,
    ),
    Row(
        "POST /workflows/{workflow_id}/cancellation",
        {
            "202 with how many": CANCELLING("test_each_has_its_history_and_its_end"),
            "of the named states": CANCELLING("test_those_of_the_named_states_are_cancelled"),
        },
        takes="states",
        gives="cancelled",
    ),
)

OUTSIDE = (
    Row("GET /healthz", {"the process answers": HEALTH("test_the_process_answers_whatever_is_missing")}),
    Row(
        "GET /readyz",
        {
            "database, Redis and a worker are there, or what is missing": HEALTH(
                "test_with_all_parts_there_it_is_ready",
                "test_a_missing_database_is_named",
                "test_a_missing_redis_is_named",
                "test_a_missing_worker_is_named",
            )
        },
    ),
    Row(
        "GET /metrics",
        {
            "for Prometheus": METRICS("test_it_tells_of_jobs_queue_workers_and_disk"),
            "by METRICS_TOKEN or scope `admin`": METRICS(
                "test_a_token_of_scope_admin_opens_it_too", "test_nobody_else_may_ask"
            ),
        },
    ),
)
"""The paths of these stand alone, without `/api/v1`."""

CALLS = (*ACCOUNT_CALLS, *WORKFLOW_CALLS, *JOB_CALLS, *ASSET_CALLS)
