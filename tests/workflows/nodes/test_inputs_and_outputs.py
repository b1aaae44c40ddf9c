from pathlib import Path

import pytest
from PIL import Image

from workflows.errors import NodeFailed
from workflows.nodes import inputs, lists, outputs
from workflows.recordings import Audio, File, Video


def test_inputs_pass_on_what_they_are_given() -> None:
    picture = Image.new("RGB", (2, 2))
    assert inputs.text("caption", "hello") == "hello"
    assert inputs.integer("count", 3) == 3
    assert inputs.number("blur", 1.5) == 1.5
    assert inputs.boolean("cover", False) is False
    assert inputs.image("photo", picture) is picture
    sound, film, any_file = Audio(Path("a"), "audio/wav"), Video(Path("b"), "video/mp4"), File(Path("c"), "text/plain")
    assert inputs.audio("song", sound) is sound
    assert inputs.video("clip", film) is film
    assert inputs.file("paper", any_file) is any_file
    assert inputs.table("people", [{"name": "Ada"}]) == [{"name": "Ada"}]
    assert inputs.choice("style", "ink", ["ink", "moss"]) == "ink"
    assert inputs.choice("style", "anything") == "anything"


@pytest.mark.parametrize("value", [0, 5, 10])
def test_numbers_may_be_as_small_and_as_large_as_their_bounds(value: int) -> None:
    assert inputs.integer("count", value, minimum=0, maximum=10) == value
    assert inputs.number("blur", value, minimum=0, maximum=10) == value


def test_numbers_out_of_bounds_are_refused_by_name() -> None:
    with pytest.raises(NodeFailed, match="“count” is 11; give it at most 10"):
        inputs.integer("count", 11, maximum=10)
    with pytest.raises(NodeFailed, match=r"“blur” is -0.5; give it at least 0"):
        inputs.number("blur", -0.5, minimum=0)


def test_what_is_not_among_the_choices_is_refused_by_name() -> None:
    with pytest.raises(NodeFailed, match="“style” is none of its choices; give it one of ink, moss"):
        inputs.choice("style", "gold", ["ink", "moss"])


def test_outputs_keep_what_reaches_them() -> None:
    assert outputs.result("story", ["a"]) == ["a"]
    assert outputs.preview(None) is None


def test_collecting_keeps_the_order() -> None:
    assert lists.collect([3, 1, 2]) == [3, 1, 2]
    assert lists.collect() == []
