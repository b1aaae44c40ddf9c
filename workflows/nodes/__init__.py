"""The node library, one module per family. Importing it makes all of its types known to the registry."""

from workflows.nodes import control, images, inputs, lists, numbers, outputs, text, web

__all__ = ("control", "images", "inputs", "lists", "numbers", "outputs", "text", "web")
