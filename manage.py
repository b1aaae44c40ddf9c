"""Django's command line, with Loupe's settings."""

import os
import signal
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import OperationalError, ProgrammingError


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    try:
        execute_from_command_line(sys.argv)
        sys.stdout.flush()
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # whoever read has left, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes it once more
        sys.exit(128 + signal.SIGPIPE)
    except ImproperlyConfigured as reason:
        sys.exit(f"Loupe cannot start: {reason}")
    except (OperationalError, ProgrammingError) as reason:  # away, locked, or not made yet
        sys.exit(
            f"The database can't be used: {reason}. Run `make run` once to set it up; `./loupe doctor` looks closer."
        )


if __name__ == "__main__":
    main()
