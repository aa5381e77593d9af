"""The SQLite file under the store: opening it, transactions, and what its errors mean to a person."""

from __future__ import annotations

import sqlite3
import threading
import time
import weakref
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

from llm4cov_engine.errors import SessionError, StorageError
from llm4cov_engine.session import migrations as schema

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BUSY_SECONDS = 30.0
"""How long a process waits for another one's write; a write of ours takes milliseconds."""

APPLICATION_ID = 0x4C344356
"""SQLite's application_id of a session store: the letters L4CV."""

_FULL = "Free some space or raise the quota and try again; everything stored so far is safe."
_DAMAGED = (
    "Move the file away to begin a new store; `sqlite3 FILE .recover` can save what is still readable in it."
)


class Database:
    """One open store file; safe to use from several threads, and from several processes at once."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._lock = threading.RLock()
        # A front end that ends without closing must not warn about it.
        self._close = weakref.finalize(self, _close, connection)

    @classmethod
    def open(cls, path: Path, migrations: tuple[schema.Migration, ...] = schema.MIGRATIONS) -> Database:
        """Open a store, create it when it is not there, and bring its schema up to date.

        Raises:
            StorageError: the folder or the file cannot be used, or is damaged.
            SessionError: the file is no store, or one a newer version of the tool wrote.
        """
        with translated(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(
                path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            try:
                _prepare(connection, path, migrations)
            except BaseException:
                _close(connection)
                raise
        return cls(path, connection)

    def close(self) -> None:
        """Close the file; closing twice is harmless."""
        with self._lock:
            self._close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees one moment of the store."""
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A connection whose changes are all on the disk when the block is left, or none of them."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    def shrink(self) -> int:
        """Give unused pages back to the disk; returns the bytes freed."""
        before = self._size()
        with self._lock, translated(self.path):
            self._connection.execute("VACUUM")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return max(0, before - self._size())

    def _size(self) -> int:
        files = (self.path, self.path.with_name(self.path.name + "-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        with self._lock, translated(self.path):
            self._connection.execute(begin)
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                # SQLite has already rolled back after some errors, a full disk among them.
                with suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise


def _close(connection: sqlite3.Connection) -> None:
    with suppress(sqlite3.Error):
        connection.close()


def _prepare(connection: sqlite3.Connection, path: Path, migrations: tuple[schema.Migration, ...]) -> None:
    # FULL in WAL mode: a commit is on the disk before it returns.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    if _pending(connection, path, migrations):
        _migrate(connection, path, migrations)
    _switch_to_wal(connection)


def _migrate(connection: sqlite3.Connection, path: Path, migrations: tuple[schema.Migration, ...]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have done it while this one waited.
        pending = _pending(connection, path, migrations)
        if pending and schema.applied(connection):
            _back_up(path, pending[0].name)
        schema.apply(connection, pending)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def _pending(
    connection: sqlite3.Connection, path: Path, migrations: tuple[schema.Migration, ...]
) -> tuple[schema.Migration, ...]:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    empty = connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is None
    if application != APPLICATION_ID and not empty:
        raise SessionError(
            f"{path} is a database, but not a store of sessions.",
            "Move it away, or name another file for the store.",
        )
    done = schema.applied(connection)
    known = tuple(migration.name for migration in migrations)
    if done != known[: len(done)]:
        raise SessionError(
            f"The session store {path} was written by a newer version of llm4cov-assist.",
            "Update llm4cov-assist to read it.",
        )
    return migrations[len(done) :]


def _back_up(path: Path, name: str) -> None:
    """Copy the store as it is to a file beside it, while the caller keeps other writers out."""
    backup = path.with_name(f"{path.name}.before-{name}")
    draft = path.with_name(f"{backup.name}.part")
    draft.unlink(missing_ok=True)
    # A connection that is writing cannot be copied from, so a reader of its own.
    with closing(sqlite3.connect(path)) as store, closing(sqlite3.connect(draft)) as copy:
        store.backup(copy)
    draft.replace(backup)


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    # The switch needs the file for itself for a moment and does not wait for that by its own.
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").fetchall()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn what SQLite and the file system raise into errors for people."""
    try:
        yield
    except sqlite3.ProgrammingError:
        # Ours, not the world's: a closed store was used.
        raise
    except sqlite3.Error as error:
        raise _explained(path, error) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise StorageError(
            f"The session store {path} cannot be used: {reason}.",
            "Make its folder writable or free some space.",
        ) from error


def _explained(path: Path, error: sqlite3.Error) -> StorageError:
    # The low byte is the primary code, the rest says more about the same.
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    match code:
        case sqlite3.SQLITE_FULL:
            return StorageError(f"The disk is full: the session store {path} cannot grow.", _FULL)
        case sqlite3.SQLITE_IOERR:
            return StorageError(f"The disk under the session store {path} refuses to read or write.", _FULL)
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM | sqlite3.SQLITE_AUTH:
            return StorageError(
                f"The session store {path} cannot be opened for writing.",
                "Make the file and its folder writable.",
            )
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return StorageError(
                f"Another process has been holding the session store {path} for {BUSY_SECONDS:.0f} seconds.",
                "Wait for it to finish, or end it, and try again.",
            )
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return StorageError(f"The session store {path} is damaged or is no database.", _DAMAGED)
        case _:
            return StorageError(
                f"The session store {path} cannot be used: {error}.",
                "Try again; move the file away if it stays so.",
            )
