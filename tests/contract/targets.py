"""What `make` does."""

from tests.contract.row import Row, tests_in

BENCH = tests_in("contract/test_bench.py")
BOOTSTRAP = tests_in("project/test_bootstrap.py")
FAULTS = tests_in("contract/test_faults.py")
LIVE = tests_in("live/test_product.py")
PROVE = tests_in("contract/test_prove.py")
STOP = tests_in("faults/test_stop.py")

MAKE = (
    Row(
        "run",
        {
            "all set-up, then the product, with a one-time sign-in link": BOOTSTRAP(
                "test_a_fresh_clone_is_set_up_and_then_runs"
            )
            + LIVE("test_the_link_that_is_printed_opens_a_page"),
            "Ctrl-C or SIGTERM stops all of it within 10 s": STOP(
                "test_a_signal_stops_all_of_it_and_hands_the_job_back"
            ),
            "SIGTERM to `make` alone too": STOP("test_it_ends_with_the_process_that_started_it"),
        },
    ),
    Row("setup", {"sets up alone": BOOTSTRAP("test_a_second_set_up_waits_for_the_first")}),
    Row("dev", {"with what tests and checks need": BOOTSTRAP("test_development_adds_its_packages_to_those_that_run")}),
    Row(
        "bench",
        {"a table, and `benchmarks/results/latest.json`": BENCH("test_a_benchmark_is_printed_and_written_down")},
    ),
    Row(
        "faults",
        {
            "a table of faults, with the command that repeats each, also in `docs/reliability.md`": FAULTS(
                "test_faults_are_printed_and_written_in_the_place_of_what_was_there"
            ),
            "fails when a promise was broken": FAULTS("test_what_was_broken_is_said_and_makes_it_fail"),
            "whatever befalls it, nothing is lost or doubled": tests_in("faults/test_faults.py")(
                "test_sixty_kills_with_sixty_jobs_in_flight_lose_and_double_nothing",
                "test_whatever_else_befalls_it_no_two_jobs_overlap_at_a_cap_of_one",
            )
            + tests_in("faults/test_clock_and_ways.py")(
                "test_whatever_is_cut_off_and_however_the_clock_goes_nothing_is_lost"
            )
            + tests_in("faults/test_nodes_and_readers.py")("test_wild_nodes_end_and_readers_that_stall_are_closed"),
        },
    ),
    Row(
        "prove",
        {
            "models against the product, seed after seed, on both databases": PROVE(
                "test_both_databases_have_a_round_at_least_and_it_is_said_what_was_tried",
                "test_seeds_follow_each_other_until_the_time_is_over",
                "test_a_round_counts_what_pytest_has_tried",
            ),
            "what it finds can be repeated": PROVE("test_what_is_found_makes_it_fail_and_can_be_repeated"),
            "the gate does what its model does": tests_in("properties/test_gate.py")(
                "test_the_gate_does_what_the_model_does"
            ),
            "so does the lens": tests_in("properties/test_lens.py")("test_the_lens_does_what_the_model_does"),
            "so does the registry of workers": tests_in("properties/test_registry.py")(
                "test_the_registry_does_what_the_model_does"
            ),
            "a history however cut, merged, lost and resumed gives the same picture": tests_in(
                "properties/test_fold.py"
            )(
                "test_the_fold_is_what_the_contract_says",
                "test_merging_any_neighbours_gives_the_same_picture",
                "test_a_prefix_that_was_kept_goes_on_as_if_it_had_not_been",
                "test_whoever_resumes_from_anywhere_comes_to_the_one_picture",
            ),
        },
    ),
    Row("faults-long", {"a thousand kills": FAULTS("test_a_long_run_kills_so_many_times")}),
)
"""`make`'s targets; those of `CI_TARGETS` are shown by `.ci/run`, which runs them."""

CI_TARGETS = ("check", "test", "test-postgres", "test-faults", "test-browser", "test-bare")
TOOLS = ("format", "requirements")
"""They change the clone, for who works on it."""
