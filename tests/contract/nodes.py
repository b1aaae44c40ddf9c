"""The node types: inputs as `name: type`, with ` = ` before a default; outputs with `…` where they stream."""

from tests.contract.row import Row, tests_in

LIBRARY = tests_in("workflows/nodes/test_library.py")
MEDIA = tests_in("live/test_media.py")
PLAIN = tests_in("workflows/nodes/test_inputs_and_outputs.py")
TEXT = tests_in("workflows/nodes/test_text.py")
NUMBERS = tests_in("workflows/nodes/test_numbers.py")
CONTROL = tests_in("workflows/nodes/test_control.py")
IMAGES = tests_in("workflows/nodes/test_images.py")
GRADIENT = tests_in("workflows/nodes/test_gradient.py")
SOUNDS = tests_in("workflows/nodes/test_sounds.py")
FILMS = tests_in("workflows/nodes/test_films.py")
WEB = tests_in("workflows/nodes/test_web.py")
CHAT = tests_in("workflows/nodes/test_chat.py")
PASSED_ON = {"gives what it was given": PLAIN("test_inputs_pass_on_what_they_are_given")}
A_MEDIUM = {"gives what it was given": MEDIA("test_what_is_given_is_what_comes_out")}
UNSAFE = ("http.get", "llm.chat")
"""Those that are not safe to repeat; all others are."""
IMPURE = (*UNSAFE, "control.wait", "text.stream")
"""Those that are not served from the cache, with all `input.*` and `output.*`."""

NODES = (
    Row("input.text", PASSED_ON, takes='name: text, value: text, description: text = ""', gives="value: text"),
    Row(
        "input.integer",
        PASSED_ON
        | {
            "within its bounds": PLAIN(
                "test_numbers_out_of_bounds_are_refused_by_name",
                "test_numbers_may_be_as_small_and_as_large_as_their_bounds",
            )
        },
        takes='name: text, value: integer, minimum: integer = null, maximum: integer = null, description: text = ""',
        gives="value: integer",
    ),
    Row(
        "input.number",
        PASSED_ON | {"within its bounds": PLAIN("test_numbers_out_of_bounds_are_refused_by_name")},
        takes='name: text, value: number, minimum: number = null, maximum: number = null, description: text = ""',
        gives="value: number",
    ),
    Row("input.boolean", PASSED_ON, takes='name: text, value: boolean, description: text = ""', gives="value: boolean"),
    Row(
        "input.choice",
        PASSED_ON | {"one of its choices": PLAIN("test_what_is_not_among_the_choices_is_refused_by_name")},
        takes='name: text, value: text, choices: list[text] = [], description: text = ""',
        gives="value: text",
    ),
    Row("input.image", PASSED_ON, takes='name: text, value: image, description: text = ""', gives="value: image"),
    Row("input.audio", A_MEDIUM, takes='name: text, value: audio, description: text = ""', gives="value: audio"),
    Row("input.video", A_MEDIUM, takes='name: text, value: video, description: text = ""', gives="value: video"),
    Row("input.file", A_MEDIUM, takes='name: text, value: file, description: text = ""', gives="value: file"),
    Row("input.table", PASSED_ON, takes='name: text, value: table, description: text = ""', gives="value: table"),
    Row(
        "output.result",
        {
            "is what the job has made, by name": tests_in("runs/api/test_jobs.py")(
                "test_outputs_are_values_or_where_they_are"
            )
            + tests_in("runs/worker/test_products.py")("test_what_an_output_gets_is_an_asset_whatever_its_type")
        },
        takes="name: text, value: any = null",
    ),
    Row(
        "output.preview",
        {"is seen, and no result": tests_in("runs/worker/test_products.py")("test_a_preview_is_no_result")},
        takes="value: any = null",
    ),
    Row(
        "text.template",
        {
            "Jinja2 over dynamic inputs": TEXT("test_a_template_is_filled_with_its_inputs"),
            "sandboxed": tests_in("workflows/test_templating.py")(
                "test_no_way_leads_out_of_the_sandbox", "test_bombs_end_early_with_a_clear_error"
            ),
            "numbers and booleans print as JSON writes them": tests_in("workflows/test_templating.py")(
                "test_values_print_as_json_writes_them_and_texts_as_they_are"
            ),
        },
        takes="template: text",
        gives="text: text",
    ),
    Row(
        "text.split",
        {"sends each part, then all": TEXT("test_splitting_sends_each_part_in_order_and_then_all")},
        takes='text: text, separator: text = "\\n"',
        gives="item: text…, items: list[text]",
    ),
    Row(
        "list.collect",
        {
            "all that pass": PLAIN("test_collecting_keeps_the_order")
            + LIBRARY("test_templates_take_any_inputs_and_collecting_takes_all_items")
        },
        takes="item: any = null",
        gives="items: list[any]",
    ),
    Row(
        "number.calculate",
        {
            "arithmetic, no code": NUMBERS(
                "test_arithmetic_comes_to_what_it_should", "test_what_cannot_be_worked_out_says_why"
            )
        },
        takes="expression: text",
        gives="value: number",
    ),
    Row(
        "control.wait",
        {
            "waits, and reports ten times a second": CONTROL(
                "test_waiting_takes_its_time_and_passes_the_value_on", "test_waiting_reports_ten_times_a_second"
            )
        },
        takes="value: any = null, seconds: number = 1.0",
        gives="value: any",
    ),
    Row(
        "control.fail",
        {
            "fails with its message, or passes on": CONTROL(
                "test_failing_says_the_message", "test_what_is_not_to_fail_passes_its_value_on"
            )
        },
        takes='value: any = null, message: text = "This run was told to fail.", when: boolean = true',
        gives="value: any",
    ),
    Row(
        "control.if",
        {"only one is sent": CONTROL("test_only_one_way_is_taken")},
        takes="condition: boolean, value: any = null",
        gives="then: any, otherwise: any",
    ),
    Row(
        "text.stream",
        {
            "word by word, in its pace": TEXT(
                "test_streamed_words_join_to_the_very_text", "test_streaming_keeps_its_pace_and_reports_how_far_it_is"
            )
        },
        takes="text: text, delay_ms: integer = 20",
        gives="text: text",
    ),
    Row(
        "image.noise",
        {
            "each seed its own": IMAGES(
                "test_the_same_seed_paints_the_same_bytes_and_another_does_not",
                "test_noise_has_the_size_and_colour_asked_for",
            )
        },
        takes="width: integer = 512, height: integer = 512, seed: integer = 0, color: boolean = true",
        gives="image: image",
    ),
    Row(
        "image.gradient",
        {"from one colour to the other": GRADIENT("test_it_runs_towards_its_angle_from_the_one_colour_to_the_other")},
        takes='width: integer = 512, height: integer = 512, start: text = "#1d2671", end: text = "#f4a261", '
        "angle: number = 90.0",
        gives="image: image",
    ),
    Row(
        "image.blur",
        {"softens": IMAGES("test_blur_softens")},
        takes="image: image, radius: number = 4.0",
        gives="image: image",
    ),
    Row(
        "image.resize",
        {"`fit`: contain, cover, stretch": IMAGES("test_resizing_fits_as_told") + LIBRARY("test_choices_are_listed")},
        takes='image: image, width: integer = 512, height: integer = 512, fit: text = "contain"',
        gives="image: image",
    ),
    Row(
        "image.text",
        {"writes where it is told": IMAGES("test_text_stands_where_it_is_told")},
        takes='image: image, text: text, size: integer = 48, color: text = "#ffffff", position: text = "bottom"',
        gives="image: image",
    ),
    Row(
        "audio.tone",
        {"a second of 440 Hz unless told otherwise": SOUNDS("test_a_tone_is_a_second_of_440_hz_unless_told_otherwise")},
        takes='frequency: number = 440, seconds: number = 1.0, volume: number = 0.5, shape: text = "sine"',
        gives="audio: audio",
    ),
    Row(
        "video.from_images",
        {
            "eight pictures a second unless told otherwise": FILMS(
                "test_it_shows_eight_pictures_a_second_unless_told_otherwise",
                "test_a_film_shows_its_pictures_in_their_order_and_colours",
            )
        },
        takes="images: list[image], fps: number = 8",
        gives="video: video",
    ),
    Row(
        "http.get",
        {
            "status, text and data": WEB("test_it_gives_the_status_the_text_and_the_data"),
            "reaches only what is global or allowed": WEB(
                "test_nothing_of_this_machine_is_reached_unless_it_is_allowed"
            ),
            "headers are never told": WEB("test_no_failure_tells_headers_or_what_the_address_asks"),
        },
        takes="url: text, headers: json = {}, timeout: number = 30.0",
        gives="status: integer, text: text, json: json",
    ),
    Row(
        "llm.chat",
        {
            "streams what a model says": CHAT("test_it_shows_the_answer_as_it_comes_and_gives_it_whole"),
            "a cancel closes the connection": CHAT("test_a_cancelled_chat_closes_its_connection_at_once"),
            "tools, tokens and cost": CHAT(
                "test_tools_are_nodes_and_what_they_give_goes_back",
                "test_what_it_cost_is_told_where_the_service_and_its_model_have_a_price",
            ),
        },
        takes='prompt: text, system: text = "", model: text = "", temperature: number = 0.7, '
        "images: list[image] = [], tools: list[text] = []",
        gives="text: text…",
    ),
)
