"""Loaded before Django's settings: tests have a data folder of their own and know nothing of the machine's settings."""

import atexit
import os
import re
import shutil
import tempfile
from pathlib import Path

SETTINGS = Path(__file__).resolve().parents[1] / "project" / "settings.py"
TERMINAL = os.dup(2)
"""What is written there is seen, before pytest begins to keep what tests print."""


def settings_read() -> list[str]:
    """The names that the settings read from the environment, in the order in which they do."""
    readers = r"env\.str|env\.list|_whole|_number|_flag|_word|_endpoints|_web_address|_header"
    found = re.findall(rf'(?:{readers})\(\s*"([A-Z_]+)"', SETTINGS.read_text())
    return list(dict.fromkeys(found))


for name in settings_read():
    os.environ.pop(name, None)
os.environ["ENV_FILE"] = ""  # a developer's own is for running Loupe

folder = tempfile.mkdtemp(prefix="loupe-test-")
atexit.register(shutil.rmtree, folder, ignore_errors=True)
os.environ["DATA_DIR"] = folder
os.environ["LEASE_SECONDS"] = "3"
if "TEST_DATABASE_URL" in os.environ:  # from tests.postgres
    os.environ["DATABASE_URL"] = os.environ["TEST_DATABASE_URL"]
