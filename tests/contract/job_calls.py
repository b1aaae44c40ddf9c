"""The calls of REST about jobs, the queue, and what jobs made."""

from tests.contract.row import Row, tests_in

SUBMIT = tests_in("runs/api/test_submit.py")
SCOPE = tests_in("runs/api/test_scope.py")
ORDER = tests_in("runs/api/test_order.py")
BATCHES = tests_in("runs/api/test_batches.py")
JOBS = tests_in("runs/api/test_jobs.py")
RERUN = tests_in("runs/api/test_rerun.py")
ASSETS = tests_in("runs/api/test_assets.py")
SERVED = tests_in("runs/api/test_served.py")
REMOVAL = tests_in("runs/api/test_asset_deletion.py")
CHOICES = tests_in("runs/api/test_choices.py")
FOCUS = tests_in("runs/api/test_focus.py")
QUEUE = tests_in("runs/api/test_queue.py")
ETA = tests_in("runs/test_eta.py")
HALTING = tests_in("runs/test_halting.py")
TWINS = tests_in("runs/test_twins.py")
ESTIMATE = tests_in("runs/test_estimate.py")

JOB = (
    "id number waiting_for workflow_id workflow_version batch_id state queue_position lane label params scope progress "
    "eta attempts worker created_at started_at ended_at error cost outputs"
)
ASSET = (
    "id workflow_id node job_id job_number output index kind media_type size width height duration value url "
    "thumbnail_url created_at sha256"
)
LIST = "items next"
PAGE = "limit cursor"

JOB_CALLS = (
    Row(
        "POST /workflows/{workflow_id}/jobs",
        {
            "201 the job, `Location`": SUBMIT("test_a_submit_answers_with_the_job_that_it_made"),
            "an `id` that exists: 409": SUBMIT("test_the_id_may_be_chosen_once"),
            "`lane`": ORDER("test_a_lane_that_is_none_is_refused"),
            "`focus: false` leaves the lens alone": SUBMIT("test_a_submit_moves_the_lens_unless_told_otherwise"),
            "`scope`: a part of the workflow": SCOPE("test_the_job_says_which_part_of_the_workflow_it_runs")
            + tests_in("runs/test_partial.py")(
                "test_one_node_runs_on_what_the_newest_run_made",
                "test_from_a_node_all_behind_it_runs",
                "test_a_selection_runs_and_nothing_beside_it",
                "test_a_named_job_goes_before_the_newest_and_what_was_chosen_before_both",
                "test_what_is_missing_is_computed",
                "test_nothing_made_before_is_removed",
            ),
            "too many waiting: 429 with `Retry-After`": SUBMIT("test_too_many_waiting_jobs_of_one_person_are_refused"),
            "what is wrong: 422, all of it, and no job": SUBMIT(
                "test_everything_that_is_wrong_is_told_and_no_job_is_made"
            ),
            "`identical_to`: the same run that came to a good end": TWINS(
                "test_the_same_run_names_the_newest_that_came_to_a_good_end"
            ),
            "`webhook_url` with `webhook_secret`": tests_in("runs/api/test_webhooks.py")(
                "test_a_submit_may_have_a_webhook_of_its_own",
                "test_what_can_t_be_a_submits_own_is_refused_and_no_job_is_made",
            )
            + tests_in("runs/pool/test_sender.py")("test_a_submits_own_is_signed_by_the_secret_that_was_given"),
        },
        takes="id params label lane focus scope webhook_url webhook_secret",
        gives=f"{JOB} identical_to",
    ),
    Row(
        "POST /workflows/{workflow_id}/batches",
        {
            "201, jobs in grid order": BATCHES("test_it_makes_a_job_for_each_combination_in_grid_order"),
            "names in one `zip` group go in step": BATCHES("test_axes_in_one_zip_group_go_in_step"),
            "repeats vary fastest": BATCHES("test_repeats_vary_fastest_and_each_draws_its_seed"),
            "no axes but `repeat` is a batch": tests_in("runs/test_grid.py")(
                "test_without_axes_there_are_only_repeats"
            ),
            "all or none": BATCHES("test_it_is_all_or_none_when_too_many_would_wait"),
            "more than 50 without `confirm`: 409 with `count`": BATCHES("test_more_than_fifty_have_to_be_confirmed"),
            "`stop`: first failure; time, bytes or cost spent": HALTING(
                "test_the_first_failure_stops_it_at_once",
                "test_it_stops_when_its_time_is_over",
                "test_no_job_starts_any_more_when_one_ends_after_the_time",
                "test_it_stops_when_its_room_is_spent_whoever_holds_the_bytes",
                "test_it_stops_when_its_money_is_spent",
            ),
            "seen by nobody until it is whole, in short transactions": tests_in("runs/test_making.py")(
                "test_no_list_and_no_request_knows_of_it", "test_it_is_written_in_transactions_that_are_short"
            ),
            "`dry_run`: count, labels, estimate, and no job": BATCHES(
                "test_a_dry_run_tells_count_and_labels_and_makes_nothing"
            )
            + ESTIMATE("test_a_dry_run_tells_it_over_rest", "test_of_what_never_ran_nothing_is_known"),
            "`lane`": ORDER("test_a_batch_goes_to_its_lane_too"),
            "each job's `identical_to`": TWINS("test_a_batch_names_for_each_job_the_run_from_before_it"),
        },
        takes="axes zip repeat params lane stop focus confirm dry_run",
        gives="batch_id jobs count labels estimate",
    ),
    Row(
        "GET /batches/{batch_id}",
        {"what it was asked and how far it is": HALTING("test_the_batch_says_what_it_was_asked_and_how_far_it_is")},
        gives="id workflow_id count states stop stopped spent created_at ended_at",
    ),
    Row(
        "GET /jobs",
        {
            "the newest first, with outputs": JOBS("test_a_list_holds_outputs_too_and_the_newest_first"),
            "filters": JOBS("test_lists_are_filtered", "test_a_filter_that_is_not_known_is_refused"),
            "`param.<name>` compares as JSON, else as text": JOBS(
                "test_parameters_of_any_name_are_compared_as_json_else_as_text"
            ),
            "`order`": JOBS("test_every_order_is_read_in_parts_that_join_without_gap"),
        },
        takes=f"workflow state batch label search submitted_after order {PAGE}",
        gives=LIST,
    ),
    Row(
        "GET /jobs/{job_id}",
        {
            "the job, with its outputs by result name": JOBS("test_outputs_are_values_or_where_they_are"),
            "`queue_position` and `waiting_for`": JOBS(
                "test_the_waiting_know_their_position_and_what_they_wait_for",
                "test_beyond_the_workers_that_is_what_they_wait_for",
            )
            + ORDER("test_a_bound_holds_back_its_own_and_nobody_behind_them")
            + QUEUE("test_a_paused_queue_starts_nothing_until_it_is_resumed"),
            "`progress` is 0–1 or null": JOBS("test_a_running_job_tells_its_progress")
            + tests_in("runs/test_telemetry.py")(
                "test_progress_never_passes_its_bounds", "test_an_empty_graph_has_no_progress"
            ),
            "`label`: what distinguishes it unless given": tests_in("runs/test_submit.py")(
                "test_a_label_is_what_differs"
            ),
            "a `seed` given as null is drawn and stands in `params`": tests_in("runs/test_submit.py")(
                "test_a_null_seed_is_drawn_and_stands_in_the_job"
            ),
            "`number` counts within the workflow": tests_in("runs/test_submit.py")(
                "test_a_number_is_never_given_twice",
                "test_jobs_are_numbered_and_queued_in_the_order_of_their_submits",
            ),
            "`eta` of the waiting": ETA("test_it_stands_in_rest", "test_each_starts_when_the_next_slot_is_free"),
        },
        gives=JOB,
    ),
    Row(
        "GET /jobs/{job_id}/telemetry",
        {
            "live or of an ended job": JOBS(
                "test_telemetry_of_a_running_job_is_all_that_it_told",
                "test_telemetry_of_an_ended_job_is_kept",
                "test_telemetry_of_a_waiting_job_is_empty",
            )
        },
        gives="id snapshot",
    ),
    Row(
        "GET /jobs/{job_id}/assets",
        {"its own": ASSETS("test_a_jobs_assets_are_its_own")},
        takes=f"order {PAGE}",
        gives=LIST,
    ),
    Row(
        "POST /jobs/{job_id}/cancellation",
        {
            "202, and again": JOBS("test_a_running_job_is_told_to_stop_and_told_again"),
            "200 when it never started": JOBS("test_a_waiting_job_that_is_cancelled_never_starts"),
            "409 when it ended otherwise": JOBS("test_what_has_ended_otherwise_cannot_be_cancelled"),
        },
        gives=JOB,
    ),
    Row(
        "POST /jobs/{job_id}/rerun",
        {
            "201 a new job of the same graph": RERUN(
                "test_it_is_a_new_job_with_the_seed_that_was_drawn",
                "test_it_runs_the_graph_that_the_job_ran_however_the_workflow_has_changed",
            ),
            "`params` take the place of what was": RERUN(
                "test_what_is_given_takes_the_place_of_what_was_by_name_or_address"
            ),
        },
        takes="params",
        gives=f"{JOB} identical_to",
    ),
    Row(
        "POST /jobs/{job_id}/promotion",
        {
            "200: before one's own waiting jobs": ORDER(
                "test_a_promoted_job_goes_before_its_owners_own_and_moves_nobody_else"
            ),
            "for staff: first in its lane": ORDER("test_staff_with_scope_admin_put_a_job_before_everyones_of_its_lane"),
        },
        gives=JOB,
    ),
    Row(
        "DELETE /jobs/{job_id}",
        {
            "204, with telemetry and products": JOBS("test_an_ended_job_is_deleted_with_all_that_is_its"),
            "409 while active": JOBS("test_an_active_job_is_not_deleted"),
        },
    ),
    Row(
        "GET /queue",
        {
            "the numbers, everyone's and mine": QUEUE("test_the_queue_counts_everyones_jobs_and_mine"),
            "for staff with `workers`": QUEUE("test_staff_see_who_works"),
        },
        gives="cap paused running waiting mine workers",
    ),
    Row(
        "PATCH /queue",
        {
            "scope `admin`": QUEUE("test_only_staff_with_the_scope_admin_change_it"),
            "the cap is kept": QUEUE("test_the_cap_is_changed_and_kept"),
            "from 1 to 1000": QUEUE("test_the_cap_is_a_number_from_1_to_1000"),
            "null goes back to the setting": QUEUE("test_null_goes_back_to_the_setting"),
            "paused, and resumed": QUEUE("test_a_paused_queue_starts_nothing_until_it_is_resumed"),
        },
        takes="cap paused",
        gives="cap paused running waiting mine workers",
    ),
)

ASSET_CALLS = (
    Row(
        "GET /workflows/{workflow_id}/assets",
        {
            "newest first, of all its jobs, by `node`, `job`, `kind`": ASSETS(
                "test_a_workflows_assets_are_those_of_all_its_jobs"
            )
        },
        takes=f"node job kind order {PAGE}",
        gives=LIST,
    ),
    Row("GET /assets/{asset_id}", {"what is known of it": ASSETS("test_an_upload_is_kept_and_looked_at")}, gives=ASSET),
    Row(
        "GET /assets/{asset_id}/content",
        {
            "ETag": ASSETS("test_who_has_the_bytes_already_gets_none"),
            "Range": ASSETS("test_a_range_is_served", "test_a_range_behind_the_end_cannot_be_served"),
            "safe headers; SVG and HTML only as attachments": ASSETS(
                "test_bytes_are_served_whole_with_safe_headers",
                "test_a_page_that_calls_itself_a_picture_is_saved_not_shown",
            ),
            "PNG carries its provenance in an iTXt chunk `loupe`": SERVED(
                "test_a_png_that_a_run_made_tells_where_it_comes_from"
            ),
            "`?raw=1` gives the stored bytes, which `size` and `sha256` are of": SERVED(
                "test_raw_gives_the_stored_bytes_which_size_and_sum_are_of"
            ),
            "the ETag is also of the provenance": SERVED(
                "test_another_runs_picture_of_the_same_bytes_is_another_to_a_cache"
            ),
        },
        takes="raw",
    ),
    Row(
        "GET /assets/{asset_id}/thumbnail",
        {"a small picture": ASSETS("test_a_picture_has_a_thumbnail", "test_what_is_no_picture_has_no_thumbnail")},
    ),
    Row(
        "DELETE /assets/{asset_id}",
        {
            "204; its job stays": REMOVAL("test_a_product_is_gone_and_its_job_stays"),
            "409 while a waiting job needs it, or `?force=true`": REMOVAL(
                "test_what_a_job_is_given_that_is_not_over_stays_unless_forced"
            ),
            "409 while it is chosen, or `?force=true`": CHOICES(
                "test_what_is_chosen_is_deleted_only_by_force_which_takes_the_choice_back"
            ),
        },
        takes="force",
    ),
    Row(
        "POST /assets",
        {
            "201, to use as `{asset: <id>}`": ASSETS("test_an_upload_is_kept_and_looked_at"),
            "413 when too large": ASSETS("test_too_large_a_file_is_refused"),
            "422 when nothing in it can be decoded": tests_in("runs/test_uploads.py")(
                "test_what_can_not_be_decoded_at_all_is_refused"
            ),
        },
        takes="file",
        gives=ASSET,
    ),
    Row(
        "POST /assets/archive",
        {
            "a zip that is sent while it is written": SERVED(
                "test_an_archive_is_sent_while_it_is_written", "test_an_archive_has_what_is_asked_for_as_it_is_served"
            )
        },
        takes="ids",
    ),
    Row(
        "GET /workflows/{workflow_id}/choices",
        {"`{node, asset_id}` of each": CHOICES("test_a_product_is_chosen_listed_replaced_and_given_up")},
        takes=PAGE,
        gives=LIST,
    ),
    Row(
        "PUT /workflows/{workflow_id}/nodes/{node}/choice",
        {
            "partial runs take it": CHOICES("test_a_choice_survives_new_runs_and_new_versions")
            + tests_in("runs/test_partial.py")(
                "test_a_named_job_goes_before_the_newest_and_what_was_chosen_before_both"
            )
        },
        takes="asset_id",
        gives="node asset_id",
    ),
    Row(
        "DELETE /workflows/{workflow_id}/nodes/{node}/choice",
        {"204, given up": CHOICES("test_a_product_is_chosen_listed_replaced_and_given_up")},
    ),
    Row(
        "GET /workflows/{workflow_id}/focus",
        {"where this person's lens is": FOCUS("test_it_begins_with_no_job")},
        gives="job_id pinned",
    ),
    Row(
        "PUT /workflows/{workflow_id}/focus",
        {
            "pins": FOCUS("test_putting_a_job_pins_it", "test_submits_leave_a_pinned_one_where_it_is"),
            "`pinned: false` unpins and stays until the next submit": FOCUS(
                "test_putting_it_without_a_pin_unpins_and_stays"
            ),
        },
        takes="job_id pinned",
        gives="job_id pinned",
    ),
    Row(
        "DELETE /workflows/{workflow_id}/focus",
        {
            "204, to the newest": FOCUS("test_deleting_it_goes_to_the_newest"),
            "of a batch to its first job": tests_in("runs/test_lens.py")(
                "test_releasing_goes_to_the_first_job_of_the_newest_batch"
            ),
        },
    ),
)
