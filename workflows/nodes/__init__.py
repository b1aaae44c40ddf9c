"""The node library, one module per family. Importing it makes all of its types known to the registry."""

from workflows.nodes import chat, control, films, images, inputs, lists, numbers, outputs, sounds, text, web

__all__ = ("chat", "control", "films", "images", "inputs", "lists", "numbers", "outputs", "sounds", "text", "web")
