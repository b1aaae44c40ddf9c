"""Loaded before Django's settings: tests have a data folder of their own and know nothing of the machine's settings."""

import atexit
import os
import shutil
import tempfile

for name in "REDIS_URL PUBLIC_URL HOST PORT ALLOWED_HOSTS SECRET_KEY MAX_CONCURRENT_JOBS WORKERS".split():
    os.environ.pop(name, None)

folder = tempfile.mkdtemp(prefix="loupe-test-")
atexit.register(shutil.rmtree, folder, ignore_errors=True)
os.environ["DATA_DIR"] = folder
os.environ["LEASE_SECONDS"] = "3"
