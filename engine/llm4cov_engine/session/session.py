"""A session: the tree of states one design has been through."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from llm4cov_engine.errors import SessionError
from llm4cov_engine.session import blobs, codec
from llm4cov_engine.session.node import Node
from llm4cov_engine.simulator.feedback import Feedback, Status
from llm4cov_engine.state import Proposal, State, Tokens, Transition
from llm4cov_engine.version import __version__

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping

    from llm4cov_engine.design.design import Design
    from llm4cov_engine.session.database import Database

_KEPT = 4
"""States held for the next question; one of a large design takes tens of megabytes."""

_ORIGIN = 0
"""Number of s0."""


class Session:
    """A tree of states on the disk; made and opened by a `SessionStore`.

    Fulfils `rounds.Recorder`. Several processes may record into one session; every question is answered
    from the disk, so each sees what the others have recorded.

    Attributes:
        id: short, and sorts by time of creation.
        created: in UTC.
        design: R; a session has one.
        policy: name of the policy it was begun with.
        settings: what it was begun with, for people and exports.
        tool: version of llm4cov-assist that began it.
    """

    def __init__(
        self,
        database: Database,
        session_id: str,
        created: datetime,
        design: Design,
        about: Mapping[str, Any],
    ) -> None:
        self._database = database
        self._read = lru_cache(_KEPT)(self._read_from_disk)
        self._encoded: deque[tuple[Feedback, codec.FeedbackParts]] = deque(maxlen=_KEPT)
        self.id = session_id
        self.created = created
        self.design = design
        self.policy: str = about["policy"]
        self.settings: dict[str, Any] = about["settings"]
        self.tool: str = about["tool"]

    def record(self, transition: Transition) -> None:
        """Store a round; it is safely on the disk when this returns.

        It is attached to the state it was made from, by content, so a branch from an earlier round lands
        where it belongs. A state the session has never seen is kept too, as one brought in from outside.

        Raises:
            StorageError: it could not be stored; what was stored before is untouched.
            SessionError: the round is about other RTL, or the session has been deleted meanwhile.
        """
        if transition.state.design.digest != self.design.digest:
            raise SessionError(
                f"The design is no longer the one session {self.id} is about.",
                "Begin a new session for the changed design.",
            )
        origin = self._content(transition.state)
        result = self._content(transition.result)
        with self._database.writing() as connection:
            if not connection.execute("SELECT 1 FROM session WHERE id = ?", (self.id,)).fetchone():
                raise SessionError(f"Session {self.id} has been deleted meanwhile.", "Begin a new session.")
            parent = self._number(connection, origin)
            if parent is None:
                parent = self._insert(connection, _ORIGIN, transition.state, origin, None)
            self._insert(connection, parent, transition.result, result, transition)

    @property
    def nodes(self) -> tuple[Node, ...]:
        """Every state in the order of recording, s0 first; `nodes[n].number` is n."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT number, parent, created, proposal, status, score, gain, closed, seconds, goodness "
                "FROM node WHERE session = ? ORDER BY number",
                (self.id,),
            ).fetchall()
        origin = Node(_ORIGIN, None, self.created, goodness=State(self.design).goodness)
        return (origin, *map(_node, rows))

    @property
    def best(self) -> Node:
        """The best state, the earliest of equals; s0 in an empty session."""
        return max(self.nodes, key=lambda node: (node.goodness, -node.number))

    def node(self, state: State) -> Node | None:
        """The node of a state, by content; None for one the session has not seen."""
        with self._database.reading() as connection:
            number = self._number(connection, self._content(state))
        return None if number is None else self.nodes[number]

    def children(self, node: Node) -> tuple[Node, ...]:
        """What was made from a state, in the order of recording."""
        return tuple(each for each in self.nodes if each.parent == node.number)

    def state(self, node: Node) -> State:
        """The whole state of a node.

        Raises:
            StorageError: it is damaged on the disk.
        """
        return self._state(node.number)

    def transition(self, node: Node) -> Transition | None:
        """The round that led to a node; None for s0 and for a state brought in from outside.

        Raises:
            StorageError: it is damaged on the disk.
        """
        if node.author is None or node.parent is None:
            return None
        result, proposal = self._read(node.number)
        if proposal is None or result.feedback is None:
            return None
        return Transition(self._state(node.parent), proposal, result.feedback, node.seconds)

    def proposal(self, node: Node) -> Proposal | None:
        """The proposal that led to a node, without the coverage that came of it, which is long to read.

        None for s0 and for a state brought in from outside.

        Raises:
            StorageError: it is damaged on the disk.
        """
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT proposal, testbench, messages FROM node WHERE session = ? AND number = ?",
                (self.id, node.number),
            ).fetchone()
            if row is None or row[0] is None:
                return None
            text, *names = row
            data = [name and blobs.read(connection, name) for name in names]
        try:
            found = [
                codec.inflate(name, each) if name else None for name, each in zip(names, data, strict=True)
            ]
            return codec.proposal_from(text, *found)
        except (ValueError, KeyError, TypeError) as error:
            raise blobs.damaged(f"Round {node.number} of session {self.id}") from error

    def trajectory(self, node: Node) -> tuple[Transition, ...]:
        """The rounds from s0, or from the state brought in from outside, to a node."""
        nodes = self.nodes
        path = [node]
        while (parent := path[-1].parent) is not None:
            path.append(nodes[parent])
        rounds = map(self.transition, reversed(path))
        return tuple(each for each in rounds if each is not None)

    def transitions(self) -> Iterator[Transition]:
        """Every round in the order of recording, read from the disk one by one."""
        for node in self.nodes:
            transition = self.transition(node)
            if transition is not None:
                yield transition

    def _state(self, number: int) -> State:
        return State(self.design) if number == _ORIGIN else self._read(number)[0]

    def _content(self, state: State) -> _Content:
        testbench = codec.testbench_blob(state.testbench) if state.testbench else None
        if state.feedback is None:
            return _Content(testbench, None)
        # A round begins from a state that was recorded just before; encoding that again would cost it time.
        for feedback, parts in tuple(self._encoded):
            if feedback is state.feedback:
                return _Content(testbench, parts)
        parts = codec.feedback_parts(state.feedback)
        self._encoded.append((state.feedback, parts))
        return _Content(testbench, parts)

    def _number(self, connection: sqlite3.Connection, content: _Content) -> int | None:
        """Number of the earliest node with this content."""
        if content.testbench is None and content.feedback is None:
            return _ORIGIN
        row = connection.execute(
            "SELECT min(number) FROM node WHERE session = ? AND testbench IS ? AND feedback IS ?",
            (
                self.id,
                _name(content.testbench),
                _name(content.feedback.content if content.feedback else None),
            ),
        ).fetchone()
        return None if row[0] is None else int(row[0])

    def _insert(
        self,
        connection: sqlite3.Connection,
        parent: int,
        state: State,
        content: _Content,
        transition: Transition | None,
    ) -> int:
        """Add a node; returns its number."""
        proposal = transition.proposal if transition else None
        messages = codec.messages_blob(proposal.messages) if proposal and proposal.messages else None
        feedback = content.feedback
        answer = feedback.content if feedback else None
        points = feedback.points if feedback else None
        for blob in (content.testbench, messages, answer, points):
            if blob is not None:
                blobs.write(connection, blob)
        (number,) = connection.execute(
            "SELECT coalesce(max(number), 0) + 1 FROM node WHERE session = ?", (self.id,)
        ).fetchone()
        row = {
            "session": self.id,
            "number": number,
            "parent": parent,
            "created": datetime.now(UTC).isoformat(),
            "proposal": codec.proposal_text(proposal) if proposal else None,
            "testbench": _name(content.testbench),
            "messages": _name(messages),
            "feedback": _name(answer),
            "points": _name(points),
            "call": feedback.call if feedback else None,
            "seconds": transition.seconds if transition else 0.0,
            "status": state.feedback.status.value if state.feedback else None,
            "score": state.score,
            "gain": transition.gain if transition else 0.0,
            "closed": state.is_closed,
            "goodness": codec.to_json(state.goodness),
            "tool": __version__,
        }
        connection.execute(
            f"INSERT INTO node ({', '.join(row)}) VALUES ({', '.join(':' + name for name in row)})", row
        )
        return int(number)

    def _read_from_disk(self, number: int) -> tuple[State, Proposal | None]:
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT proposal, testbench, messages, feedback, points, call "
                "FROM node WHERE session = ? AND number = ?",
                (self.id, number),
            ).fetchone()
            if row is None:
                raise SessionError(
                    f"Session {self.id} has no round {number}.",
                    "List the rounds with `llm4cov sessions show`.",
                )
            proposal, *names, call = row
            data = [name and blobs.read(connection, name) for name in names]
        try:
            testbench, messages, content, points = (
                codec.inflate(name, found) if name else None for name, found in zip(names, data, strict=True)
            )
            state = State(
                self.design,
                codec.testbench_from(testbench) if testbench else None,
                codec.feedback_from(content, points, call) if content else None,
            )
            return state, codec.proposal_from(proposal, testbench, messages) if proposal else None
        except (ValueError, KeyError, TypeError) as error:
            raise blobs.damaged(f"Round {number} of session {self.id}") from error


@dataclass(frozen=True, slots=True)
class _Content:
    """The parts of a state that identify it, ready to be stored."""

    testbench: codec.Blob | None
    feedback: codec.FeedbackParts | None


def _name(blob: codec.Blob | None) -> str | None:
    return blob.digest if blob else None


def _node(row: tuple[Any, ...]) -> Node:
    number, parent, created, proposal, status, score, gain, closed, seconds, goodness = row
    origin = codec.proposal_from(proposal, None, None) if proposal else None
    return Node(
        number=number,
        parent=parent,
        created=datetime.fromisoformat(created),
        author=origin.author if origin else None,
        policy=origin.policy if origin else "",
        note=origin.note if origin else "",
        model=origin.model if origin else "",
        tokens=origin.tokens if origin else Tokens(),
        status=Status(status) if status else None,
        score=score,
        gain=gain,
        closed=bool(closed),
        seconds=seconds,
        goodness=tuple(json.loads(goodness)),
    )
