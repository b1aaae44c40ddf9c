"""The pages' addresses and the marks on their elements, which programs and checks hold on to."""

from tests.contract.row import Row, Shown, tests_in

MATRIX = tests_in("project/test_matrix.py")
VIEWS = tests_in("runs/pages/test_views.py")
SIGN_IN = tests_in("accounts/test_sign_in.py")
TOKENS = tests_in("accounts/test_tokens.py")
COLLECTION = tests_in("runs/pages/test_collection.py")
STEERING = tests_in("runs/pages/test_steering.py")
SHELVES = tests_in("runs/pages/test_shelves.py")
COMPARISON = tests_in("runs/pages/test_comparison.py")
SOUNDS = tests_in("runs/pages/test_sounds.py")
TABLE = tests_in("runs/pages/test_table.py")
WEBHOOKS = tests_in("runs/pages/test_webhooks.py")
HINTS = tests_in("runs/pages/test_hints.py")
MANY = tests_in("browser/test_many_runs.py")
FOLLOWING = tests_in("browser/test_following.py")
CONNECTION = tests_in("browser/test_connection.py")
COMPARE = tests_in("browser/test_compare.py")
PAGES = tests_in("browser/test_pages.py")

ADDRESSES = (
    Row("", {"workflows": VIEWS("test_workflows_are_shown_as_cards")}),
    Row("workflows/<uuid:workflow_id>/", {"the editor": VIEWS("test_a_workflow_opens_on_its_canvas")}),
    Row("workflows/<uuid:workflow_id>/runs/", {"its runs": TABLE("test_the_address_filters_and_orders")}),
    Row("jobs/<uuid:job_id>/", {"one run": VIEWS("test_a_job_shows_its_results_and_its_nodes")}),
    Row(
        "workflows/<uuid:workflow_id>/compare/",
        {
            "`?assets=…` side by side": COMPARISON(
                "test_it_shows_both_with_what_they_were_made_with_and_marks_what_differs"
            )
        },
    ),
    Row("settings/", {"opens on tokens": TOKENS("test_settings_open_on_tokens_and_say_how_to_get_one")}),
    Row("settings/tokens/", {"makes and lists them": TOKENS("test_the_page_makes_a_token_and_shows_its_secret_once")}),
    Row("settings/appearance/", {"how it looks": TOKENS("test_how_it_looks_is_chosen_in_settings")}),
    Row(
        "settings/webhooks/",
        {"makes and lists them": WEBHOOKS("test_the_page_makes_a_webhook_and_shows_its_secret_once")},
    ),
    Row(
        "settings/webhooks/<uuid:webhook_id>/",
        {"what one was told": WEBHOOKS("test_what_a_webhook_was_told_is_shown_with_what_was_answered")},
    ),
    Row("admin/", {"for the sessions of staff alone": MATRIX("test_the_admin_is_for_the_sessions_of_staff_alone")}),
    Row("sign-in/", {"by password": SIGN_IN("test_the_right_password_signs_in_and_goes_where_one_was_going")}),
    Row("sign-in/<str:secret>/", {"by link, once": SIGN_IN("test_a_link_works_once")}),
    Row(
        "healthz",
        {"the process answers": tests_in("project/test_health.py")("test_the_process_answers_whatever_is_missing")},
    ),
    Row("readyz", {"all parts are there": tests_in("project/test_health.py")("test_with_all_parts_there_it_is_ready")}),
    Row(
        "metrics",
        {"for Prometheus": tests_in("project/test_metrics.py")("test_it_tells_of_jobs_queue_workers_and_disk")},
    ),
)
"""Pages end with a slash, the API's paths do not."""

VERBS: dict[str, Shown] = {
    "sign-out/": SIGN_IN("test_signing_out_takes_a_post"),
    "settings/tokens/<uuid:token_id>/revocation/": TOKENS("test_the_page_revokes_and_remembers_what_was_revoked"),
    "settings/webhooks/<uuid:webhook_id>/deletion/": WEBHOOKS("test_the_page_deletes_a_webhook_of_ones_own_alone"),
    "workflows/": COLLECTION("test_a_new_workflow_opens_on_its_empty_canvas"),
    "workflows/imports/": COLLECTION("test_a_file_is_imported_as_a_workflow"),
    "workflows/<uuid:workflow_id>/name/": COLLECTION("test_a_workflow_is_renamed_and_stays_otherwise"),
    "workflows/<uuid:workflow_id>/copies/": COLLECTION("test_a_copy_has_the_graph_and_none_of_the_runs"),
    "workflows/<uuid:workflow_id>/deletion/": COLLECTION(
        "test_deleting_takes_a_workflow_with_its_runs_and_all_that_they_made"
    ),
    "workflows/<uuid:workflow_id>/drawings/": VIEWS("test_nodes_that_are_not_saved_yet_are_drawn"),
    "workflows/<uuid:workflow_id>/lens/": STEERING("test_choosing_a_run_pins_it"),
    "workflows/<uuid:workflow_id>/run/": STEERING("test_run_makes_a_run_of_what_is_saved_and_the_lens_follows"),
    "workflows/<uuid:workflow_id>/many/": STEERING("test_many_makes_them"),
    "workflows/<uuid:workflow_id>/cancellation/": STEERING("test_all_that_wait_are_cancelled_and_nothing_else"),
    "workflows/<uuid:workflow_id>/nodes/<str:node>/": SHELVES("test_a_shelf_pages_on_until_the_last"),
    "assets/<uuid:asset_id>/": SHELVES("test_the_light_box_shows_what_made_a_product"),
    "assets/<uuid:asset_id>/face/": VIEWS("test_a_photograph_is_uploaded_and_stays_for_the_next_run"),
    "assets/<uuid:asset_id>/waveform/": SOUNDS("test_a_sound_tells_its_peaks_and_anything_else_none"),
    "hints/": HINTS("test_a_hint_that_is_seen_does_not_come_back_and_the_others_stay"),
    "jobs/<uuid:job_id>/cancellation/": VIEWS("test_a_live_page_that_cancels_stays_as_it_is"),
    "jobs/<uuid:job_id>/rerun/": VIEWS("test_a_run_is_run_again_with_the_same_inputs"),
    "jobs/<uuid:job_id>/promotion/": tests_in("runs/pages/test_verbs.py")(
        "test_a_waiting_run_is_put_before_ones_other_runs"
    ),
    "jobs/<uuid:job_id>/canvas/": VIEWS("test_a_run_is_opened_on_the_canvas"),
    "jobs/<uuid:job_id>/deletion/": VIEWS("test_deleting_takes_an_ended_job_with_all_that_it_made"),
}
"""What the pages ask for by themselves."""
PARTS = tuple(Row(route, {"for the pages": shown}) for route, shown in VERBS.items())

CANVAS = MANY(
    "test_six_runs_are_watched_and_all_that_they_made_stands_side_by_side",
    "test_the_lens_moves_by_card_by_tile_and_by_keys",
)
LIGHT = tests_in("browser/test_light_box.py")(
    "test_deleting_asks_once_goes_on_to_the_next_and_closes_after_the_last",
    "test_it_is_all_within_reach_of_the_keyboard",
)
RUN = PAGES("test_a_row_is_run_again_stopped_deleted_and_opened_on_the_canvas")
MARKS = (
    Row("data-node", {"a node, with `data-status`": CANVAS}),
    Row("data-status", {"waiting, running, completed, failed, cancelled, skipped or bypassed": CANVAS}),
    Row("data-edge", {"an edge, with `data-state`": CANVAS}),
    Row("data-state", {"of an edge or a run": CANVAS}),
    Row(
        "data-job-card",
        {
            "a run, with `data-state`": CANVAS + RUN,
            '`aria-current="true"` on the focused one': MANY("test_the_lens_moves_by_card_by_tile_and_by_keys")
            + CANVAS,
        },
    ),
    Row("data-asset", {"a product in galleries and light box, with `data-job`": LIGHT}),
    Row("data-job", {"the run that made it": LIGHT}),
    Row("data-canvas", {"the canvas, with `data-focused-job`": CANVAS}),
    Row("data-focused-job", {"which run it shows": CANVAS}),
    Row("data-connection", {"on the body: live": CANVAS + FOLLOWING("test_back_and_forward_find_it_live_again")}),
    Row(
        'data-connection="reconnecting"',
        {"on the way back": FOLLOWING("test_a_restart_of_the_web_process_under_an_open_page_is_mended")},
    ),
    Row(
        'data-connection="offline"',
        {"not there": CONNECTION("test_a_list_says_that_one_is_signed_out_and_keeps_what_it_shows")},
    ),
    Row('data-action="run"', {"runs": CANVAS}),
    Row('data-action="stop"', {"stops the focused run": MANY("test_stop_says_which_run_it_stops_and_stops_it")}),
    Row('data-action="pin"', {"pins": MANY("test_a_pinned_run_stays_and_an_unpinned_one_gives_way")}),
    Row('data-action="unpin"', {"unpins": MANY("test_a_pinned_run_stays_and_an_unpinned_one_gives_way")}),
    Row('data-action="compare"', {"compares": COMPARE("test_the_light_box_compares_with_the_next_older_one")}),
    Row('data-action="cancel"', {"cancels": PAGES("test_a_row_is_run_again_stopped_deleted_and_opened_on_the_canvas")}),
    Row('data-action="rerun"', {"runs again": LIGHT + RUN}),
    Row('data-action="delete"', {"deletes": LIGHT + RUN}),
    Row(
        'data-action="download"',
        {"downloads": COMPARE("test_what_made_one_runs_again_and_is_saved") + LIGHT},
    ),
    Row('data-action="next"', {"the next": MANY("test_the_light_box_turns_by_the_arrow_keys")}),
    Row('data-action="previous"', {"the one before": CANVAS}),
    Row('data-action="close"', {"closes": LIGHT}),
)
