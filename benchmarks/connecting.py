"""How long it takes a thread to have a connection of PostgreSQL, with and without the pool. Prints JSON."""

import json
import os
import statistics
import sys
import time
from typing import Any

os.environ |= {"DATA_DIR": sys.argv[1], "DJANGO_SETTINGS_MODULE": "project.settings"}

import django

django.setup()

from django.db import connection  # noqa: E402

TIMES = 200


def main() -> None:
    """First as the product does it, then as it would without a pool."""
    pooled = _measured()
    database: Any = connection
    database.close_pool()
    del database.settings_dict["OPTIONS"]["pool"]
    print(json.dumps({"pooled": pooled, "anew": _measured()}))


def _measured() -> float:
    """Milliseconds, the median, until the first answer."""
    times = []
    for _ in range(TIMES):
        began = time.perf_counter()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        times.append(time.perf_counter() - began)
        connection.close()
    return statistics.median(times) * 1000


if __name__ == "__main__":
    main()
