"""`make prove`: what `tests/properties` claims, much deeper than CI has time for, on SQLite and then on PostgreSQL.

Each round is one seed, with more and longer histories than `make test` tries; rounds follow until the time is over. It
says how much each test has tried, and how to repeat a round that found something.
"""

import argparse
import secrets
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import monotonic
from typing import Final, NamedTuple

from tests.properties.machine import PROVING

DATABASES: Final = {"sqlite": "pytest", "postgresql": "tests.postgres"}
FOLDER: Final = Path(__file__).parent / "properties"
PYTEST: Final = ("-q", "--no-header", "-n", "2", "--dist", "worksteal", f"--hypothesis-profile={PROVING}")


class Tried(NamedTuple):
    """What one test has tried in a round."""

    test: str
    counted: Counter[str]


def main() -> int:
    """Exit code 1 when any round found something."""
    asked = _asked()
    print("Puts orders of calls to Loupe and to models of it: a round takes minutes, on each database.")
    print(f"seed={asked.seed}", flush=True)
    held = [_prove(name, asked.minutes * 30, asked.seed, asked.only) for name in asked.on or DATABASES]
    return int(not all(held))


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Looks for a history that breaks what Loupe promises.")
    parser.add_argument(
        "only", nargs="*", choices=[[], *_properties()], help="which properties; all when none is named"
    )
    parser.add_argument(
        "--minutes", type=float, default=10, help="for both databases together; one round each at least"
    )
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="of the first round; then it grows")
    parser.add_argument("--on", action="append", choices=DATABASES, help="this database alone")
    return parser.parse_args()


def _properties() -> list[str]:
    return sorted(path.stem.removeprefix("test_") for path in FOLDER.glob("test_*.py"))


def _prove(database: str, seconds: float, seed: int, only: Sequence[str]) -> bool:
    """Rounds while another may still come to its end in time. Whether all of them held."""
    tried: dict[str, Counter[str]] = {}
    began, longest, rounds, held = monotonic(), 0.0, 0, True
    while held and (not rounds or monotonic() - began + longest <= seconds):
        start = monotonic()
        held, found = _round(database, seed + rounds, only)
        longest, rounds = max(longest, monotonic() - start), rounds + 1
        for each in found:
            tried.setdefault(each.test, Counter()).update(each.counted)
    words = f"{rounds} round{'s' if rounds > 1 else ''}, from seed {seed} on"
    print(f"\n{database}: {words}, in {monotonic() - began:.0f} s")
    for test, counted in sorted(tried.items()):
        print(f"  {test}: " + ", ".join(f"{number:,} {what}" for what, number in counted.items()))
    if held:
        print("  Nothing found: each answered as its model does.")
    else:
        again = f"make prove minutes=0 seed={seed + rounds - 1} on={database}"
        print(f"  Found something. Repeat it: {again}" + (f' only="{" ".join(only)}"' if only else ""))
    sys.stdout.flush()
    return held


def _round(database: str, seed: int, only: Sequence[str]) -> tuple[bool, list[Tried]]:
    """Whether everything held, and what was tried."""
    tests = [str(FOLDER / f"test_{name}.py") for name in only] or [str(FOLDER)]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        options = [*PYTEST, f"--hypothesis-seed={seed}", f"--junit-xml={report}"]
        done = subprocess.run([sys.executable, "-m", DATABASES[database], *options, *tests], check=False)
        return done.returncode == 0, list(_tried(report))


def _tried(report: Path) -> Iterator[Tried]:
    for case in ET.parse(report).iter("testcase") if report.exists() else ():
        properties = {each.attrib["name"]: int(each.attrib["value"]) for each in case.iter("property")}
        yield Tried(case.attrib["name"].removeprefix("test_").replace("_", " "), Counter(properties))


if __name__ == "__main__":
    sys.exit(main())
