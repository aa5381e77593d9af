"""The store of sessions: one SQLite file per project."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from llm4cov_engine.errors import SessionError
from llm4cov_engine.session import blobs, codec
from llm4cov_engine.session.database import Database, translated
from llm4cov_engine.session.location import hide_from_git, store_path
from llm4cov_engine.session.session import Session
from llm4cov_engine.session.summary import SessionSummary, summaries
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
            blobs.write(connection, content)
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
            return summaries(connection)

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
            data = blobs.read(connection, design_name)
        try:
            design = codec.design_from(codec.inflate(design_name, data))
            return Session(self._database, full, datetime.fromisoformat(created), design, json.loads(about))
        except (ValueError, KeyError, TypeError) as error:
            raise blobs.damaged(f"Session {full}") from error

    def delete(self, name: str) -> None:
        """Remove a session, named as for `load`, and the contents only it had.

        Raises:
            SessionError: no session has this id, or several begin with it.
        """
        if self._is_missing:
            raise self._unknown(name)
        with self._database.writing() as connection:
            connection.execute("DELETE FROM session WHERE id = ?", (self._resolve(connection, name),))
            blobs.sweep(connection)

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
                for each in summaries(connection)
                if (limit and each.changed < limit) or (not each.rounds and each.created < now - EMPTY_AFTER)
            ]
            connection.executemany("DELETE FROM session WHERE id = ?", ((each,) for each in useless))
            orphans = blobs.sweep(connection)
        return Collected(len(useless), orphans, self._database.shrink())

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
            "List the sessions with `llm4cov sessions list`; --project names the folder of another project.",
        )


def _unused_id(connection: sqlite3.Connection, created: datetime) -> str:
    """An id: the moment in UTC, to sort by, and a random tail."""
    while True:
        session_id = f"{created:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        if not connection.execute("SELECT 1 FROM session WHERE id = ?", (session_id,)).fetchone():
            return session_id
