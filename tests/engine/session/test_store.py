from __future__ import annotations

import os
import re
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from llm4cov_engine import (
    Collected,
    Feedback,
    SessionError,
    SessionStore,
    State,
    Status,
    Testbench,
    Transition,
)
from llm4cov_engine.session.location import store_path
from tests.engine.session import records

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SessionStore]:
    with SessionStore.open(tmp_path / "sessions.db") as opened:
        yield opened


def backdate(store: SessionStore, session_id: str, days: float) -> None:
    """Make a session and its rounds older than they are."""
    moment = (datetime.now(UTC) - timedelta(days=days)).isoformat()
    connection = sqlite3.connect(store.path)
    with connection:
        connection.execute("UPDATE session SET created = ? WHERE id = ?", (moment, session_id))
        connection.execute("UPDATE node SET created = ? WHERE session = ?", (moment, session_id))
    connection.close()


def blobs(store: SessionStore) -> int:
    connection = sqlite3.connect(store.path)
    (count,) = connection.execute("SELECT count(*) FROM blob").fetchone()
    connection.close()
    return int(count)


def test_ids_are_short_and_sort_by_time(store: SessionStore) -> None:
    session = store.create(records.DESIGN, policy="builtin")
    assert re.fullmatch(r"\d{8}-\d{6}-[0-9a-f]{4}", session.id)
    assert session.id.startswith(f"{session.created:%Y%m%d-%H%M%S}")
    assert session.created.utcoffset() == timedelta(0)


def test_summaries_come_newest_first_and_tell_the_best(store: SessionStore) -> None:
    older = store.create(records.DESIGN, policy="builtin")
    newer = store.create(records.DESIGN, policy="chat")
    for transition in records.chain(3):
        newer.record(transition)
    newer.record(Transition(State(records.DESIGN), records.proposal(9), Feedback(Status.TIMED_OUT)))
    first, second = store.sessions()
    assert (first.id, second.id) == (newer.id, older.id)
    assert (first.design, first.top, first.policy, first.rounds) == ("counter", "counter", "chat", 4)
    assert (first.status, first.score, first.closed) == (Status.SUCCESS, 0.75, False)
    assert first.changed > first.created
    assert (second.rounds, second.status, second.score) == (0, None, 0.0)
    assert second.changed == second.created


def test_a_session_opens_by_the_beginning_of_its_id(store: SessionStore) -> None:
    ids = sorted(store.create(records.DESIGN, policy="builtin").id for _ in range(20))
    assert store.load(ids[3]).id == ids[3]
    for full in ids:
        unique = next(full[:end] for end in range(1, 22) if sum(x.startswith(full[:end]) for x in ids) == 1)
        assert store.load(unique).id == full
    with pytest.raises(SessionError, match=r"Several sessions begin with 2.* and more") as caught:
        store.load("2")
    assert caught.value.remedy == "Give more of the id."


@pytest.mark.parametrize("name", ["19990101", "%", "_", ""])
def test_an_unknown_session_is_said_to_be_one(store: SessionStore, name: str) -> None:
    store.create(records.DESIGN, policy="builtin")
    with pytest.raises(SessionError, match=r"no session|No session") as caught:
        store.load(name)
    assert "sessions list" in caught.value.remedy


def test_deleting_takes_the_contents_nobody_else_has(store: SessionStore) -> None:
    one, other = (store.create(records.DESIGN, policy="builtin") for _ in range(2))
    rounds = records.chain(3)
    for transition in rounds:
        one.record(transition)
    other.record(rounds[0])
    before = blobs(store)
    store.delete(one.id)
    assert [each.id for each in store.sessions()] == [other.id]
    # Two testbenches, two answers and two conversations went.
    assert before - blobs(store) == 6
    assert list(store.load(other.id).transitions()) == rounds[:1]
    store.delete(other.id)
    assert blobs(store) == 0


def test_contents_are_stored_once(store: SessionStore) -> None:
    sessions = [store.create(records.DESIGN, policy="builtin") for _ in range(3)]
    transition = records.chain(1)[0]
    for session in sessions:
        session.record(transition)
        session.record(replace(transition, feedback=replace(transition.feedback, cached=True)))
    # The design, a testbench, its conversation, an answer and the points.
    assert blobs(store) == 5


def test_garbage_collection_takes_the_abandoned(store: SessionStore) -> None:
    kept, empty, fresh, old = (store.create(records.DESIGN, policy="builtin") for _ in range(4))
    big = Testbench("tb.sv", os.urandom(200_000).hex())
    old.record(Transition(State(records.DESIGN), records.proposal(1, testbench=big), records.feedback(1)))
    kept.record(records.chain(1)[0])
    backdate(store, empty.id, days=2)
    backdate(store, old.id, days=40)

    collected = store.gc()
    assert (collected.sessions, collected.blobs) == (1, 0)
    assert {each.id for each in store.sessions()} == {kept.id, fresh.id, old.id}

    collected = store.gc(older_than_days=30)
    assert collected.sessions == 1
    assert collected.blobs == 3
    assert collected.bytes_freed > 100_000
    assert {each.id for each in store.sessions()} == {kept.id, fresh.id}
    assert len(list(store.load(kept.id).transitions())) == 1


def test_garbage_collection_takes_orphaned_contents(store: SessionStore) -> None:
    store.create(records.DESIGN, policy="builtin")
    connection = sqlite3.connect(store.path)
    with connection:
        connection.execute("INSERT INTO blob VALUES ('orphan', x'00')")
    connection.close()
    assert store.gc().blobs == 1
    assert blobs(store) == 1


def test_no_secret_is_kept(store: SessionStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-from-the-environment")
    session = store.create(
        records.DESIGN, policy="chat", settings={"api_key": "sk-from-the-settings", "rounds": 3}
    )
    session.record(records.chain(1)[0])
    assert store.load(session.id).settings == {"rounds": 3}
    store.close()
    assert b"sk-from" not in store.path.read_bytes()


def test_the_store_lies_with_the_project(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    rtl = repository / "ip" / "rtl"
    rtl.mkdir(parents=True)
    assert store_path(rtl) == rtl / ".llm4cov" / "sessions.db"
    (repository / ".git").mkdir()
    assert store_path(rtl) == repository / ".llm4cov" / "sessions.db"
    (repository / "ip" / "llm4cov.toml").touch()
    assert store_path(rtl) == repository / "ip" / ".llm4cov" / "sessions.db"
    assert not list(tmp_path.rglob("sessions.db"))


def test_a_design_without_a_folder_goes_to_the_users_own_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLM4COV_DATA_DIR", str(tmp_path / "data"))
    with SessionStore.for_design(replace(records.DESIGN, root=None)) as store:
        assert store.path == tmp_path / "data" / "sessions.db"


def test_a_project_whose_folder_is_in_the_way_goes_to_the_users_own_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLM4COV_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "repository").mkdir()
    (tmp_path / "repository" / ".llm4cov").write_text("a file")
    assert store_path(tmp_path / "repository") == tmp_path / "data" / "sessions.db"


def test_a_projects_store_stays_out_of_its_repository(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    with SessionStore.for_folder(tmp_path) as store:
        store.create(records.DESIGN, policy="builtin")
        assert store.path.parent == tmp_path / ".llm4cov"
    ignore = tmp_path / ".llm4cov" / ".gitignore"
    assert ignore.read_text() == "*\n"
    ignore.write_text("mine\n")
    with SessionStore.for_folder(tmp_path) as store:
        store.create(records.DESIGN, policy="builtin")
    assert ignore.read_text() == "mine\n"


def test_looking_makes_nothing(tmp_path: Path) -> None:
    with SessionStore.for_folder(tmp_path) as store:
        assert store.sessions() == []
        assert store.gc() == Collected(0, 0, 0)
        for look in (store.load, store.delete):
            with pytest.raises(SessionError, match="no session"):
                look("2026")
    assert list(tmp_path.iterdir()) == []


def test_closing_twice_and_not_at_all_is_harmless(tmp_path: Path) -> None:
    store = SessionStore.open(tmp_path / "sessions.db")
    store.close()
    store.close()
    again = SessionStore.open(tmp_path / "sessions.db")
    again.create(records.DESIGN, policy="builtin")
    del store, again


def test_a_name_no_encoding_knows_is_a_name(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("the file system wants proper names")
    design = replace(records.DESIGN, id=folder.name, root=folder)
    with SessionStore.for_design(design) as store:
        session = store.create(design, policy="builtin")
        assert store.load(session.id).design == design
        assert store.sessions()[0].design == design.id
