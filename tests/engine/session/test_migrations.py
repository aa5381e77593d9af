from __future__ import annotations

import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from llm4cov_engine import SessionError, SessionStore
from llm4cov_engine.session.database import Database
from llm4cov_engine.session.migrations import MIGRATIONS, Migration, applied
from tests.engine.session import records

if TYPE_CHECKING:
    from pathlib import Path

FUTURE = Migration("9999_future", ("ALTER TABLE session ADD COLUMN title TEXT",))


def filled(path: Path) -> str:
    """A store with a session of two rounds; returns its id."""
    with SessionStore.open(path) as store:
        session = store.create(records.DESIGN, policy="builtin")
        for transition in records.chain(2):
            session.record(transition)
        return session.id


def names(path: Path) -> tuple[str, ...]:
    connection = sqlite3.connect(path)
    done = applied(connection)
    connection.close()
    return done


def test_names_are_in_order_and_used_once() -> None:
    ordered = [migration.name for migration in MIGRATIONS]
    assert ordered == sorted(set(ordered))


def test_a_new_store_has_them_all_and_no_backup(tmp_path: Path) -> None:
    filled(tmp_path / "sessions.db")
    assert names(tmp_path / "sessions.db") == tuple(migration.name for migration in MIGRATIONS)
    assert [path.name for path in tmp_path.iterdir()] == ["sessions.db"]


def test_an_older_store_is_migrated_after_a_backup(tmp_path: Path) -> None:
    path = tmp_path / "sessions.db"
    session = filled(path)
    Database.open(path, (*MIGRATIONS, FUTURE)).close()
    assert names(path) == (*(migration.name for migration in MIGRATIONS), FUTURE.name)
    # What the old program wrote is there, as it was.
    with SessionStore.open(tmp_path / "sessions.db.before-9999_future") as backup:
        assert list(backup.load(session).transitions()) == records.chain(2)


def test_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "sessions.db"
    session = filled(path)
    broken = Migration("9999_broken", (*FUTURE.statements, "INSERT INTO nowhere VALUES (1)"))
    with pytest.raises(Exception, match="nowhere"):
        Database.open(path, (*MIGRATIONS, broken))
    with SessionStore.open(path) as store:
        assert list(store.load(session).transitions()) == records.chain(2)


def test_a_newer_store_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "sessions.db"
    Database.open(path, (*MIGRATIONS, FUTURE)).close()
    before = path.read_bytes()
    with pytest.raises(SessionError, match="newer version") as caught:
        SessionStore.open(path)
    assert "Update" in caught.value.remedy
    assert path.read_bytes() == before


def test_a_foreign_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "sessions.db"
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("CREATE TABLE session (title TEXT)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(SessionError, match="not a store of sessions"):
        SessionStore.open(path)
    assert path.read_bytes() == before


def test_an_empty_file_becomes_a_store(tmp_path: Path) -> None:
    """What a crash between creating the file and writing to it leaves behind."""
    (tmp_path / "sessions.db").touch()
    filled(tmp_path / "sessions.db")


def test_processes_that_create_one_store_at_once_all_get_it(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from llm4cov_engine import SessionStore\n"
        "from tests.engine.session import records\n"
        "sys.stdin.read()\n"
        "with SessionStore.open(Path(sys.argv[1])) as store:\n"
        "    store.create(records.DESIGN, policy='builtin')\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "sessions.db")]
    started = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(6)
    ]
    for process in started:
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None
    for process in started:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
    with SessionStore.open(tmp_path / "sessions.db") as store:
        assert len(store.sessions()) == len(started)
