"""Who adopts what its children leave behind can end it, and nothing else."""

import subprocess
import sys

import pytest

LEAVE = """
import os, subprocess
import psutil
from runs import offspring

mine = subprocess.Popen(["sleep", "60"])
offspring.end_all_but()
assert mine.poll() is None, "who does not adopt ends nothing"
offspring._adopts.cache_clear()
offspring.adopt()
left = subprocess.run(["sh", "-c", "setsid sh -c 'trap : TERM; sleep 60' >&- 2>&- & echo $!"], stdout=subprocess.PIPE)
left = psutil.Process(int(left.stdout))
assert left.ppid() == os.getpid()
offspring.end_all_but({mine.pid})
assert mine.poll() is None
assert not left.is_running()
offspring.end_all_but()
assert not psutil.Process().children()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such adoption")
def test_all_that_was_left_behind_is_ended_but_what_is_known() -> None:
    done = subprocess.run([sys.executable, "-c", LEAVE], capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode == 0, done.stderr
