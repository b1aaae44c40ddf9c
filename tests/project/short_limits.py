"""The web process with limits that a test can wait for."""

from project.protocols import Limits
from project.server import main

if __name__ == "__main__":
    main(limits=Limits(max_body_bytes=1_000_000, head_seconds=1, ping_seconds=1, stall_seconds=2, leave_seconds=1))
