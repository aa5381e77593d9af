"""Contents in the store: each once, by the digest of what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm4cov_engine.errors import StorageError

if TYPE_CHECKING:
    import sqlite3

    from llm4cov_engine.session.codec import Blob


def write(connection: sqlite3.Connection, blob: Blob) -> None:
    """Store a content unless it is there."""
    if not connection.execute("SELECT 1 FROM blob WHERE digest = ?", (blob.digest,)).fetchone():
        connection.execute("INSERT INTO blob VALUES (?, ?)", (blob.digest, blob.deflated()))


def read(connection: sqlite3.Connection, name: str) -> bytes:
    """The stored data of a blob; empty when it is gone, which `codec.inflate` refuses."""
    row = connection.execute("SELECT data FROM blob WHERE digest = ?", (name,)).fetchone()
    return bytes(row[0]) if row else b""


def sweep(connection: sqlite3.Connection) -> int:
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


def damaged(what: str) -> StorageError:
    """The error for content that is not what was stored."""
    return StorageError(
        f"{what} is damaged on the disk.", "Delete the session, or bring the store back from a backup."
    )
