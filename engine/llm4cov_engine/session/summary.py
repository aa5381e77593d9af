"""Sessions in one line each."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from llm4cov_engine.simulator.feedback import Status

if TYPE_CHECKING:
    import sqlite3


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


class _NodeRow(NamedTuple):
    number: int
    created: str
    is_round: int
    status: str | None
    score: float
    closed: int
    goodness: str


def summaries(connection: sqlite3.Connection) -> list[SessionSummary]:
    """Every session in one line, the newest first."""
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
