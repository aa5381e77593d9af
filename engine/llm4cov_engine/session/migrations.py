"""The store's schema as an ordered list of migrations; the table `migration` says which were applied.

A released migration never changes. What the schema is today is the sum of all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema.

    Attributes:
        name: number and a few words; never reused.
        statements: SQL, run in order inside one transaction.
    """

    name: str
    statements: tuple[str, ...]


MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        "0001_sessions",
        (
            # Content by its digest: designs, testbenches, feedbacks, coverage points, messages. The data
            # is deflated JSON; the digest is of the JSON.
            """
            CREATE TABLE blob (
                digest TEXT PRIMARY KEY,
                data BLOB NOT NULL
            )
            """,
            """
            CREATE TABLE session (
                id TEXT PRIMARY KEY,
                created TEXT NOT NULL,
                design TEXT NOT NULL REFERENCES blob (digest),
                about TEXT NOT NULL
            )
            """,
            # A state that was reached. parent 0 is s0, which has no row. Without a proposal the state was
            # brought in from outside, and nobody knows how it came to be.
            """
            CREATE TABLE node (
                session TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
                number INTEGER NOT NULL,
                parent INTEGER NOT NULL,
                created TEXT NOT NULL,
                proposal TEXT,
                testbench TEXT REFERENCES blob (digest),
                messages TEXT REFERENCES blob (digest),
                feedback TEXT REFERENCES blob (digest),
                points TEXT REFERENCES blob (digest),
                call TEXT,
                seconds REAL NOT NULL,
                status TEXT,
                score REAL NOT NULL,
                gain REAL NOT NULL,
                closed INTEGER NOT NULL,
                goodness TEXT NOT NULL,
                tool TEXT NOT NULL,
                PRIMARY KEY (session, number)
            )
            """,
            "CREATE INDEX node_state ON node (session, testbench, feedback)",
            # What the foreign keys are looked up by when a blob goes.
            "CREATE INDEX session_design ON session (design)",
            "CREATE INDEX node_testbench ON node (testbench)",
            "CREATE INDEX node_messages ON node (messages)",
            "CREATE INDEX node_feedback ON node (feedback)",
            "CREATE INDEX node_points ON node (points)",
        ),
    ),
)


def applied(connection: sqlite3.Connection) -> tuple[str, ...]:
    """Names of the migrations a database has seen, in order; () for an empty one."""
    exists = connection.execute(
        "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'migration'"
    ).fetchone()
    if not exists:
        return ()
    rows = connection.execute("SELECT name FROM migration ORDER BY rowid").fetchall()
    return tuple(str(name) for (name,) in rows)


def apply(connection: sqlite3.Connection, pending: tuple[Migration, ...]) -> None:
    """Run migrations; the caller holds the write transaction."""
    connection.execute("CREATE TABLE IF NOT EXISTS migration (name TEXT NOT NULL, applied TEXT NOT NULL)")
    for migration in pending:
        for statement in migration.statements:
            connection.execute(statement)
        connection.execute(
            "INSERT INTO migration (name, applied) VALUES (?, ?)",
            (migration.name, datetime.now(UTC).isoformat()),
        )
