"""The administration is loaded with the addresses, whole and sound, and nowhere else."""

import subprocess
import sys

from django.apps import apps
from django.conf import settings
from django.contrib import admin

WORKER = """
import os, sys, django
os.environ["DJANGO_SETTINGS_MODULE"] = "project.settings"
django.setup()
import runs.worker.process
print([name for name in sys.modules if name.startswith(("runs.admin", "runs.pages", "accounts.admin"))])
"""


def test_all_that_it_has_is_sound() -> None:
    admin.autodiscover()
    assert admin.site._registry
    assert admin.site.check(list(apps.get_app_configs())) == []


def test_a_worker_loads_nothing_of_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WORKER], cwd=settings.BASE_DIR, check=True, capture_output=True, text=True
    )
    assert done.stdout == "[]\n"
