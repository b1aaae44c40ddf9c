"""`./loupe` as people and programs call it, beside a running Loupe."""

import json
import signal
import subprocess
from collections.abc import Collection
from pathlib import Path
from typing import IO, Any

import pytest

from tests import factories
from tests.live.product import ROOT, Product
from tests.photographs import photograph
from tests.runs.jobs import graph
from tests.waiting import eventually

PHOTO = graph(
    {
        "photo": ("input.image", {"name": "photo"}),
        "soft": ("image.blur", {"radius": 2}),
        "out": ("output.result", {"name": "soft"}),
    },
    "photo.value > soft.image",
    "soft.image > out.value",
)


def loupe(
    product: Product,
    folder: Path,
    *words: str,
    output: IO[str] | int = subprocess.PIPE,
    without: Collection[str] = (),
) -> subprocess.Popen[str]:
    """Starts `./loupe` in a folder of its own, in which files are named."""
    return subprocess.Popen(
        [ROOT / "loupe", *words],
        cwd=folder,
        env={name: value for name, value in product.environment.items() if name not in without},
        stdout=output,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def run(product: Product, folder: Path, *words: str) -> tuple[int, str]:
    """The exit code, and the last line that was printed."""
    process = loupe(product, folder, "run_workflow", *words)
    output, _ = process.communicate(timeout=60)
    return process.returncode, (output.splitlines() or [""])[-1]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, document in {
        "photo": PHOTO,
        "wait": factories.waiting(60),
        "brief": factories.waiting(5),
        "trip": graph({"t": ("control.fail", {})}),
    }.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(document))
    (tmp_path / "in.png").write_bytes(photograph())
    return tmp_path


def test_a_photograph_goes_in_and_a_picture_comes_out(product: Product, folder: Path) -> None:
    code, line = run(
        product, folder, "photo.json", "--param", "photo=in.png", "--param", "soft.radius=3", "--out", "out"
    )

    job: dict[str, Any] = json.loads(line)
    assert (code, job["state"], job["params"]["soft.radius"]) == (0, "completed", 3)
    assert (folder / "out" / "soft.png").read_bytes().startswith(b"\x89PNG")


def test_a_workflow_that_fails_exits_with_1(product: Product, folder: Path) -> None:
    code, line = run(product, folder, "trip.json")

    assert (code, json.loads(line)["error"]["node"]) == (1, "t")


def test_bad_input_exits_with_2(product: Product, folder: Path) -> None:
    assert run(product, folder, "photo.json", "--param", "photo=missing.png")[0] == 2
    assert run(product, folder, "--no-such-option")[0] == 2


def test_ctrl_c_cancels_the_job_and_exits_with_130(product: Product, folder: Path) -> None:
    printed = folder / "printed"
    with printed.open("w") as output:
        process = loupe(product, folder, "run_workflow", "wait.json", "--follow", output=output)
    eventually(lambda: "wait: running" in printed.read_text())

    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)

    assert process.returncode == 130
    assert json.loads(printed.read_text().splitlines()[-1])["state"] == "cancelled"


def test_who_stops_reading_ends_the_command_without_words(product: Product, folder: Path) -> None:
    process = loupe(product, folder, "run_workflow", "brief.json", "--follow")  # its end is written in any case
    assert process.stdout
    assert process.stdout.readline()
    process.stdout.close()
    process.stdout = None
    _, notes = process.communicate(timeout=60)
    assert notes == ""
    assert process.returncode == 128 + signal.SIGPIPE


def test_a_sign_in_link_leads_to_the_loupe_that_runs(product: Product, folder: Path) -> None:
    process = loupe(product, folder, "sign_in_link", "owner", without=("PORT",))
    output, _ = process.communicate(timeout=60)

    assert output.startswith(f"{product.base}/sign-in/")


def test_a_database_that_is_not_there_is_said_in_a_sentence(product: Product, tmp_path: Path) -> None:
    nowhere = {**product.environment, "DATA_DIR": str(tmp_path / "empty"), "DATABASE_URL": ""}
    done = subprocess.run(
        [ROOT / "loupe", "sign_in_link", "owner"], env=nowhere, capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 1
    assert "make run" in done.stderr
    assert "Traceback" not in done.stderr
