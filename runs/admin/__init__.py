"""The administration: everyone's jobs, products and lenses, the queue and who works on it."""

from runs.admin import assets, jobs, lenses, workflows  # noqa: F401 (Django finds them here)
