"""The store of sessions: one SQLite file per project."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from llm4cov_engine.errors import SessionError
from llm4cov_engine.session import codec
from llm4cov_engine.session.database import Database, translated
from llm4cov_engine.session.location import hide_from_git, store_path
from llm4cov_engine.session.session import Session, damaged, read_blob, write_blob
from llm4cov_engine.simulator.feedback import Status
from llm4cov_engine.version import __version__

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from llm4cov_engine.design.design import Design

Setting = str | int | float | bool | None

EMPTY_AFTER = timedelta(days=1)
"""Age from which a session without rounds counts as abandoned: a first round may well take an hour."""

_SECRET = re.compile(r"api_?key|authorization|password|secret|credential", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """A session in one line.

    Attributes:
        created: in UTC.
        changed: time of the last round, in UTC; `created` without rounds.
        design: id of the design.
        rounds: how many were recorded.
        status: of the best state; None without rounds.
        score: of the best state, in [0, 1].
        closed: whether the best state left nothing to do.
    """

    id: str
    created: datetime
    changed: datetime
    design: str
    top: str
    policy: str
    rounds: int
    status: Status | None
    score: float
    closed: bool


@dataclass(frozen=True, slots=True)
class Collected:
    """What a garbage collection removed."""

    sessions: int
    blobs: int
    bytes_freed: int


class SessionStore:
    """Sessions in one file; safe under several processes.

    Looking into a store that is not there finds nothing and makes nothing: the file is created with the
    first session. Every method raises StorageError where the file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._opened: Database | None = None

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the store in a file.

        Raises:
            SessionError: the file is no store, or one a newer version of the tool wrote.
        """
        store = cls(path)
        if not store._is_missing:
            _ = store._database
        return store

    @classmethod
    def for_folder(cls, folder: Path | None) -> Self:
        """The store for work in a folder (see `location.store_path`)."""
        return cls.open(store_path(folder))

    @classmethod
    def for_design(cls, design: Design) -> Self:
        """The store of the project a design lies in; the user's own where it lies in none."""
        return cls.for_folder(design.root)

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    def close(self) -> None:
        """Close the file; its sessions cannot be used any more."""
        if self._opened is not None:
            self._opened.close()

    @property
    def _is_missing(self) -> bool:
        with translated(self.path):
            return self._opened is None and not self.path.exists()

    @property
    def _database(self) -> Database:
        if self._opened is None:
            hide_from_git(self.path)
            self._opened = Database.open(self.path)
        return self._opened

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def create(
        self, design: Design, *, policy: str, settings: Mapping[str, Setting] | None = None
    ) -> Session:
        """Begin a session.

        Args:
            policy: name of the policy it begins with.
            settings: what the user asked for (rounds, seed, mode and so on), for people and exports. Entries
                named like a secret are left out.
        """
        content = codec.design_blob(design)
        kept = {name: value for name, value in (settings or {}).items() if not _SECRET.search(name)}
        about = {
            "design": design.id,
            "top": design.top,
            "policy": policy,
            "settings": kept,
            "tool": __version__,
        }
        created = datetime.now(UTC)
        with self._database.writing() as connection:
            write_blob(connection, content)
            session_id = _unused_id(connection, created)
            connection.execute(
                "INSERT INTO session (id, created, design, about) VALUES (?, ?, ?, ?)",
                (session_id, created.isoformat(), content.digest, codec.to_json(about)),
            )
        return Session(self._database, session_id, created, design, about)

    def sessions(self) -> list[SessionSummary]:
        """Every session, the newest first."""
        if self._is_missing:
            return []
        with self._database.reading() as connection:
            return _summaries(connection)

    def load(self, name: str) -> Session:
        """Open a session by its id or by the beginning of it, when only one session begins so.

        Raises:
            SessionError: no session has this id, or several begin with it.
        """
        if self._is_missing:
            raise self._unknown(name)
        with self._database.reading() as connection:
            full = self._resolve(connection, name)
            created, design_name, about = connection.execute(
                "SELECT created, design, about FROM session WHERE id = ?", (full,)
            ).fetchone()
            data = read_blob(connection, design_name)
        try:
            design = codec.design_from(codec.inflate(design_name, data))
            return Session(self._database, full, datetime.fromisoformat(created), design, json.loads(about))
        except (ValueError, KeyError, TypeError) as error:
            raise damaged(f"Session {full}") from error

    def delete(self, name: str) -> None:
        """Remove a session, named as for `load`, and the contents only it had.

        Raises:
            SessionError: no session has this id, or several begin with it.
        """
        if self._is_missing:
            raise self._unknown(name)
        with self._database.writing() as connection:
            connection.execute("DELETE FROM session WHERE id = ?", (self._resolve(connection, name),))
            _sweep(connection)

    def gc(self, *, older_than_days: float | None = None) -> Collected:
        """Remove what nobody needs and give the space back to the disk.

        Removed are sessions without rounds that are older than a day, contents nothing refers to, and,
        when asked for, sessions whose last round is older than some days.
        """
        if self._is_missing:
            return Collected(0, 0, 0)
        now = datetime.now(UTC)
        limit = None if older_than_days is None else now - timedelta(days=older_than_days)
        with self._database.writing() as connection:
            useless = [
                each.id
                for each in _summaries(connection)
                if (limit and each.changed < limit) or (not each.rounds and each.created < now - EMPTY_AFTER)
            ]
            connection.executemany("DELETE FROM session WHERE id = ?", ((each,) for each in useless))
            blobs = _sweep(connection)
        return Collected(len(useless), blobs, self._database.shrink())

    def _resolve(self, connection: sqlite3.Connection, name: str) -> str:
        """The full id."""
        if connection.execute("SELECT 1 FROM session WHERE id = ?", (name,)).fetchone():
            return name
        rows = connection.execute(
            "SELECT id FROM session WHERE substr(id, 1, ?) = ? ORDER BY id", (len(name), name)
        ).fetchall()
        match [str(full) for (full,) in rows] if name else []:
            case [only]:
                return only
            case []:
                raise self._unknown(name)
            case several:
                raise SessionError(
                    f"Several sessions begin with {name}: {', '.join(several[:5])}"
                    f"{' and more' if len(several) > 5 else ''}.",
                    "Give more of the id.",
                )

    def _unknown(self, name: str) -> SessionError:
        return SessionError(
            f"There is no session {name} in {self.path}." if name else "No session was named.",
            "List the sessions with `llm4cov sessions list`.",
        )


def _unused_id(connection: sqlite3.Connection, created: datetime) -> str:
    """An id: the moment in UTC, to sort by, and a random tail."""
    while True:
        session_id = f"{created:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        if not connection.execute("SELECT 1 FROM session WHERE id = ?", (session_id,)).fetchone():
            return session_id


def _sweep(connection: sqlite3.Connection) -> int:
    """Delete contents nothing refers to; returns how many."""
    return connection.execute(
        """
        DELETE FROM blob WHERE digest NOT IN (
            SELECT design FROM session
            UNION SELECT testbench FROM node WHERE testbench IS NOT NULL
            UNION SELECT messages FROM node WHERE messages IS NOT NULL
            UNION SELECT feedback FROM node WHERE feedback IS NOT NULL
            UNION SELECT points FROM node WHERE points IS NOT NULL
        )
        """
    ).rowcount


class _NodeRow(NamedTuple):
    number: int
    created: str
    is_round: int
    status: str | None
    score: float
    closed: int
    goodness: str


def _summaries(connection: sqlite3.Connection) -> list[SessionSummary]:
    nodes: dict[str, list[_NodeRow]] = {}
    for session, *node in connection.execute(
        "SELECT session, number, created, proposal IS NOT NULL, status, score, closed, goodness FROM node"
    ):
        nodes.setdefault(session, []).append(_NodeRow(*node))
    rows = connection.execute("SELECT id, created, about FROM session ORDER BY created DESC, id DESC")
    return [
        _summary(session, created, json.loads(about), nodes.get(session, []))
        for session, created, about in rows
    ]


def _summary(session_id: str, created: str, about: dict[str, Any], nodes: list[_NodeRow]) -> SessionSummary:
    best = max(nodes, key=lambda node: (json.loads(node.goodness), -node.number), default=None)
    return SessionSummary(
        id=session_id,
        created=datetime.fromisoformat(created),
        changed=datetime.fromisoformat(max([created, *(node.created for node in nodes)])),
        design=about["design"],
        top=about["top"],
        policy=about["policy"],
        rounds=sum(node.is_round for node in nodes),
        status=Status(best.status) if best and best.status else None,
        score=best.score if best else 0.0,
        closed=bool(best and best.closed),
    )
