"""Loupe's settings, with the app `tests.staged`."""

from project.settings import *  # noqa: F403
from project.settings import INSTALLED_APPS as OURS

INSTALLED_APPS = [*OURS, "tests.staged"]
