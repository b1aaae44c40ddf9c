"""Loupe's settings, with workers that keep a journal."""

from project.settings import *  # noqa: F403
from project.settings import INSTALLED_APPS as OURS

INSTALLED_APPS = [*OURS, "tests.journal.apps.JournalConfig"]
