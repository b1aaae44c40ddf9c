"""Settings are checked as they are read: one that can't be is named in a sentence that says what to do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.environment import SETTINGS, settings_read

ROOT = SETTINGS.parents[1]


def loupe(folder: Path, *words: str, **changed: str) -> tuple[int, str, str]:
    """The exit code of `./loupe` with these settings, and what it printed and complained of."""
    environment = {**os.environ, "DATA_DIR": str(folder), **changed}
    done = subprocess.run(
        [sys.executable, "manage.py", *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout.strip(), done.stderr


def shown(folder: Path, name: str, **changed: str) -> str:
    """The value of a setting, as it is read."""
    code, printed, complaint = loupe(
        folder, "shell", "-v0", "-c", f"from django.conf import settings; print(settings.{name})", **changed
    )
    assert (code, complaint) == (0, "")
    return printed


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("MAX_CONCURRENT_JOBS", "0", "is 0: set it to a whole number from 1 to 1000"),
        ("MAX_CONCURRENT_JOBS", "many", "is many: set it to a whole number from 1 to 1000"),
        ("MAX_CONCURRENT_JOBS", "", "is empty: set it to a whole number from 1 to 1000"),
        ("WORKERS", "-1", "is -1: set it to a whole number from 0 to 1000"),
        ("MAX_UPLOAD_BYTES", "0", "is 0: set it to a whole number, 1 or more"),
        ("MAX_GRAPH_NODES", "2.5", "is 2.5: set it to a whole number, 1 or more"),
        ("LEASE_SECONDS", "1.9", "is 1.9: set it to a number from 2 to 86400"),
        ("DRAIN_SECONDS", "inf", "is inf: set it to a number from 0 to 86400"),
        *(
            (
                "HTTP_ALLOW",
                value,
                f"is {value}: set it to hosts with their ports, such as localhost:11434,10.0.0.7:8080",
            )
            for value in ("localhost", "localhost:0", "localhost:99999", "http://localhost:80", "me@localhost:80")
        ),
        *(
            (
                "LLM_BASE_URL",
                value,
                "is no address: set it to one such as https://api.example.org/v1, with no name, key or question in it",
            )
            for value in (
                "http://my host",
                "localhost:11434",
                "ftp://x.org",
                "http://",
                "http://sk-4711@x.org/v1",
                "http://x.org/?key=4711",
            )
        ),
        *(
            ("LLM_API_KEY", value, "is no key: set it to one line of ASCII without spaces")
            for value in ("sk 4711", "sk-\n4711", "clé-4711")
        ),
        ("LOUPE_DEMO", "maybe", "is maybe: set it to 1 or 0"),
        ("LOG_LEVEL", "loud", "is loud: set it to DEBUG, INFO, WARNING or ERROR"),
        ("ENV_FILE", "/nowhere/env", "is /nowhere/env, and there is no such file: set it to one"),
    ],
)
def test_a_setting_that_cannot_be_is_named_with_what_to_do(
    tmp_path: Path, name: str, value: str, sentence: str
) -> None:
    code, printed, complaint = loupe(tmp_path, "run", **{name: value})
    assert (code, printed) == (1, "")
    assert complaint == f"Loupe cannot start: {name} {sentence}, or leave it out.\n"


def test_settings_at_their_bounds_are_taken(tmp_path: Path) -> None:
    bounds = {"MAX_CONCURRENT_JOBS": "1000", "WORKERS": "0", "LEASE_SECONDS": "2", "MAX_UPLOAD_BYTES": "1"}
    assert {name: shown(tmp_path, name, **bounds) for name in bounds} == {**bounds, "LEASE_SECONDS": "2.0"}


def test_what_may_be_reached_is_told_to_the_guard(tmp_path: Path) -> None:
    code = "from workflows.outgoing import guard; print(*sorted(guard._allowed))"
    given = {"HTTP_ALLOW": "LocalHost:11434, [::1]:80,10.0.0.7:8080,"}
    assert (
        loupe(tmp_path, "shell", "-v0", "-c", code, **given)[1] == "('10.0.0.7', 8080) ('::1', 80) ('localhost', 11434)"
    )
    assert loupe(tmp_path, "shell", "-v0", "-c", code)[1] == ""


def test_the_service_of_models_is_told_where_it_is_and_not_the_key(tmp_path: Path) -> None:
    code = "from workflows.llm import service; print(service.url, service.model, service.name, *service.guard._allowed)"
    given = {"LLM_BASE_URL": " http://LocalHost:11434/v1/ ", "LLM_MODEL": "tiny", "LLM_API_KEY": "sk-4711"}
    said = loupe(tmp_path, "shell", "-v0", "-c", code, **given)[1]
    assert said == "http://LocalHost:11434/v1 tiny localhost:11434 ('localhost', 11434)"


def test_a_file_of_settings_is_read_and_the_environment_goes_first(tmp_path: Path) -> None:
    (tmp_path / "env").write_text("MAX_CONCURRENT_JOBS=7\nWORKERS=3\n")
    given = {"ENV_FILE": str(tmp_path / "env"), "WORKERS": "2"}
    assert shown(tmp_path, "MAX_CONCURRENT_JOBS", **given) == "7"
    assert shown(tmp_path, "WORKERS", **given) == "2"


def test_tests_know_nothing_of_the_machines_settings() -> None:
    own = {"DATA_DIR", "LEASE_SECONDS", "ENV_FILE"} | ({"DATABASE_URL"} & {*os.environ})
    code = "import os; from tests.environment import settings_read; print(*{*os.environ} & {*settings_read()})"
    strange = dict.fromkeys(settings_read(), "strange")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=os.environ | strange, capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) == own
