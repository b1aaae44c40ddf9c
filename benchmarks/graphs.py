"""The graphs that are measured."""

from typing import Any

Json = dict[str, Any]

TRIVIAL: Json = {
    "version": 1,
    "nodes": [
        {"id": "word", "type": "input.text", "properties": {"name": "word", "value": "hello"}},
        {"id": "out", "type": "output.result", "properties": {"name": "echo"}},
    ],
    "edges": [{"id": "e1", "source": "word", "output": "value", "target": "out", "input": "value"}],
}

WAIT: Json = {
    "version": 1,
    "nodes": [{"id": "wait", "type": "control.wait", "properties": {"seconds": 1.0}}],
    "edges": [],
}

PICTURE: Json = {
    "version": 1,
    "nodes": [
        {"id": "seed", "type": "input.integer", "properties": {"name": "seed", "value": 0}},
        {"id": "noise", "type": "image.noise", "properties": {"width": 1024, "height": 1024}},
        {"id": "blur", "type": "image.blur", "properties": {"radius": 4.0}},
        {"id": "out", "type": "output.result", "properties": {"name": "picture"}},
    ],
    "edges": [
        {"id": "e1", "source": "seed", "output": "value", "target": "noise", "input": "seed"},
        {"id": "e2", "source": "noise", "output": "image", "target": "blur", "input": "image"},
        {"id": "e3", "source": "blur", "output": "image", "target": "out", "input": "value"},
    ],
}
