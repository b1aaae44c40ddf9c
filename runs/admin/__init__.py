"""The administration: everyone's jobs, products, lenses and webhooks, the queue and who works on it."""

from runs.admin import assets, jobs, lenses, webhooks, workflows  # noqa: F401 (Django finds them here)
