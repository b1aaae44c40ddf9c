"""What is pinned is what is asked for, and says nothing about where it comes from."""

import json
import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
NAMES = ("run", "dev", "npm")


def asked(name: str) -> list[Requirement]:
    lines = (ROOT / "requirements" / f"{name}.in").read_text().splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith(("#", "-"))]


def pinned(name: str) -> dict[str, str]:
    """The versions by name. Every pin must be one of a version, followed by hashes and nothing else."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text().replace("\\\n", " ")
    name_and_version = r"([\w.-]+(?:\[[\w, -]+\])?)==(\S+)( ; python_full_version < '[\d.]+')?"
    pin = re.compile(name_and_version + r"(\s+--hash=sha256:[0-9a-f]{64})+\s*")
    matches = [(line, pin.fullmatch(line)) for line in text.splitlines()]
    assert [line for line, match in matches if not match] == []
    return {canonicalize_name(Requirement(match[1]).name): match[2] for _, match in matches if match}


@pytest.mark.parametrize("name", NAMES)
def test_everything_asked_for_is_pinned_within_its_bounds(name: str) -> None:
    pins = pinned(name)
    wrong = [str(each) for each in asked(name) if pins.get(canonicalize_name(each.name), "") not in each.specifier]
    assert wrong == []


@pytest.mark.parametrize("name", ["run", "npm"])
def test_development_has_the_versions_that_run(name: str) -> None:
    assert pinned(name).items() <= pinned("dev").items()


def test_packages_have_hashes_of_every_platform_that_is_promised() -> None:
    text = (ROOT / "requirements" / "run.txt").read_text()
    hashes = re.search(r"^numpy==.*?(?=^\w)", text, re.MULTILINE | re.DOTALL)
    assert hashes
    assert hashes[0].count("--hash=") > 30  # three platforms, four Pythons, and more


def test_front_end_packages_are_pinned_exactly_and_by_their_contents() -> None:
    package = json.loads((ROOT / "package.json").read_text())
    lock = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    wanted = package["dependencies"] | package["devDependencies"]
    assert {name: lock[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    assert [name for name, entry in lock.items() if name and ("resolved" in entry or "integrity" not in entry)] == []
