"""An app that adds node types to a real product, as another app would: nodes that make and say what ours do not yet."""
