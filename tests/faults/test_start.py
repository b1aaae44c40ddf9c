"""What keeps Loupe from starting is said in one sentence that tells what to do."""

import socket
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.live.product import Product
from tests.waiting import eventually


def refusal(product: Product) -> str:
    """What it prints when it does not start."""
    product.launch()
    eventually(product.has_ended, 30)
    return product.printed()


def is_one_sentence(printed: str) -> bool:
    return printed.startswith("Loupe cannot start: ") and printed.count("\n") == 1


def test_a_port_in_use_is_named_with_what_to_do(unstarted: Product) -> None:
    with socket.create_server(("127.0.0.1", unstarted.port)):
        printed = refusal(unstarted)
    assert is_one_sentence(printed)
    assert f"PORT={unstarted.port + 1}" in printed


def test_a_second_start_on_the_same_data_is_refused(product: Product, tmp_path: Path) -> None:
    second = Product(tmp_path, DATA_DIR=product.data_dir)
    second._printed = tmp_path / "second"
    printed = refusal(second)
    assert is_one_sentence(printed)
    assert "another Loupe runs" in printed
    assert not product.has_ended()


def test_a_database_newer_than_the_code_is_refused(unstarted: Product) -> None:
    unstarted.command("migrate", "--verbosity", "0")
    with closing(sqlite3.connect(unstarted.data_dir / "loupe.sqlite3")) as database, database:
        database.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('runs', '0999_later', '2030-01-01')"
        )
    printed = refusal(unstarted)
    assert is_one_sentence(printed)
    assert "newer Loupe (it has runs.0999_later)" in printed


def test_a_database_is_copied_before_it_is_changed(unstarted: Product) -> None:
    unstarted.command("migrate", "runs", "zero", "--verbosity", "0")
    unstarted.command("migrate", "accounts", "--verbosity", "0")
    unstarted.start()
    (copy,) = (unstarted.data_dir / "copies").iterdir()
    with closing(sqlite3.connect(copy)) as database:
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
    assert "accounts_apitoken" in tables
    assert "runs_job" not in tables


def test_a_data_folder_that_cannot_be_made_is_named(unstarted: Product, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    unstarted.environment["DATA_DIR"] = str(tmp_path / "file" / "data")
    printed = refusal(unstarted)
    assert is_one_sentence(printed)
    assert "set DATA_DIR" in printed


def test_the_second_start_makes_nothing_anew(product: Product) -> None:
    product.stop()
    product.start()
    assert "Preparing" not in product.printed()
    assert product.command("shell", "-v0", "-c", COUNT_OWNERS) == "1"


COUNT_OWNERS = "from accounts.models import User; print(User.objects.filter(is_superuser=True).count())"
