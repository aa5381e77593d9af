"""Messages between two processes, large coverages in pieces.

Unpickling tens of thousands of points at once would hold the receiver's interpreter for tenths of a second.
A coverage is therefore sent ahead of the first message it stands in, some hundred points at a time, and
later messages name it. Points that are as they were in an earlier coverage are the same objects again.
"""

from __future__ import annotations

import io
import pickle
import time
from collections import OrderedDict
from dataclasses import dataclass, replace
from operator import attrgetter
from threading import Lock
from typing import TYPE_CHECKING, Any

from llm4cov_engine.coverage.coverage import Coverage
from llm4cov_engine.coverage.point import Exclusion, Point
from llm4cov_engine.design.design import Design

if TYPE_CHECKING:
    import socket
    from typing import BinaryIO

_PIECE = 256
"""Points in a piece: some tenths of a millisecond of the receiver's time."""

_REST_SECONDS = 0.001
"""The receiver's pause after a piece, in which its other threads have the interpreter for themselves."""

_KEPT = 6
"""Coverages both sides remember: more than one message holds."""

_LAID = ("metric", "file", "line", "column", "module", "instances", "what", "lines")
_layout = attrgetter(*_LAID)
_FACTS = ("metrics", "tally", "score")
"""Properties of a coverage that are expensive to find and small."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """Some points.

    Attributes:
        layout: number of what does not change from round to round.
        rows: that, when it was never sent before: the first fields of each point.
        exclusions, reasons: of the points that have any, by position.
    """

    layout: int
    rows: tuple[tuple[Any, ...], ...] | None
    hits: tuple[int, ...]
    exclusions: dict[int, Exclusion]
    reasons: dict[int, str]


@dataclass(frozen=True, slots=True)
class _Whole:
    """The end of a coverage: all of its pieces have been sent.

    Attributes:
        forgotten: key of the one that no message will name any more.
    """

    key: int
    path: str
    simulated_as: str
    facts: dict[str, Any]
    forgotten: int | None


class Sender:
    """The sending end; safe to use from several threads.

    Attributes:
        design: that the other side knows too; None sends every design whole.
    """

    def __init__(self, end: socket.socket) -> None:
        self.design: Design | None = None
        self._end = end
        self._lock = Lock()
        self._keys: OrderedDict[int, Coverage] = OrderedDict()
        self._next = 0
        self._layouts: dict[tuple[tuple[Any, ...], ...], int] = {}

    def about(self, design: Design) -> None:
        """Let messages be about a design that the other side knows too; forget what was sent of another."""
        with self._lock:
            if self.design is None or self.design.digest != design.digest:
                self._keys.clear()
                self._layouts.clear()
            self.design = design

    def send(self, message: object) -> None:
        """Send a message. Blocks while the other side does not read.

        Raises:
            OSError: the other side is gone.
        """
        with self._lock:
            buffer = io.BytesIO()
            _Pickler(buffer, self).dump(message)
            self._end.sendall(buffer.getbuffer())

    def reference(self, value: object) -> tuple[Any, ...] | None:
        """What stands for a value in a message; None for the value itself."""
        if isinstance(value, Coverage):
            return ("coverage", self._key(value))
        if isinstance(value, Design) and self.design is not None:
            if value == self.design:
                return ("design", None)
            if replace(value, targets=self.design.targets) == self.design:
                return ("design", value.targets)
        return None

    def _key(self, coverage: Coverage) -> int:
        for key, known in self._keys.items():
            if known is coverage:
                self._keys.move_to_end(key)
                return key
        self._next += 1
        points = coverage.per_instance
        facts = {name: getattr(coverage, name) for name in _FACTS}
        for start in range(0, len(points), _PIECE):
            self._end.sendall(pickle.dumps(self._piece(points[start : start + _PIECE])))
        self._keys[self._next] = coverage
        forgotten = self._keys.popitem(last=False)[0] if len(self._keys) > _KEPT else None
        whole = _Whole(self._next, coverage.path, coverage.simulated_as, facts, forgotten)
        self._end.sendall(pickle.dumps(whole))
        return self._next

    def _piece(self, points: tuple[Point, ...]) -> _Piece:
        rows = tuple(map(_layout, points))
        number = self._layouts.get(rows)
        is_new = number is None
        if number is None:
            number = self._layouts[rows] = len(self._layouts)
        return _Piece(
            number,
            rows if is_new else None,
            tuple(point.hits for point in points),
            {at: point.exclusion for at, point in enumerate(points) if point.exclusion is not None},
            {at: point.because for at, point in enumerate(points) if point.because},
        )


class Receiver:
    """The receiving end, for one thread.

    Attributes:
        design: as the sender's.
    """

    def __init__(self, end: socket.socket) -> None:
        self.design: Design | None = None
        self._stream = end.makefile("rb")
        self._coverages: dict[int | None, Coverage] = {}
        self._layouts: list[tuple[Point, ...]] = []
        self._points: list[Point] = []

    def about(self, design: Design) -> None:
        """Do as the sender does, between the same two messages."""
        if self.design is None or self.design.digest != design.digest:
            self._coverages.clear()
            self._layouts.clear()
        self.design = design

    def receive(self) -> Any:
        """The next message. Blocks, and never holds the interpreter for long.

        Raises:
            EOFError, OSError: the other side is gone.
        """
        while True:
            message = _Unpickler(self._stream, self).load()
            if isinstance(message, _Piece):
                self._take(message)
                time.sleep(_REST_SECONDS)
            elif isinstance(message, _Whole):
                coverage = Coverage(tuple(self._points), message.path, message.simulated_as)
                # A frozen record keeps what its properties have found where these look for it.
                vars(coverage).update(message.facts)
                self._coverages[message.key] = coverage
                self._coverages.pop(message.forgotten, None)
                self._points = []
            else:
                return message

    def value(self, reference: tuple[Any, ...]) -> object:
        """Undo `Sender.reference`."""
        kind, name = reference
        if kind == "coverage":
            return self._coverages[name]
        assert self.design is not None
        return self.design if name is None else replace(self.design, targets=name)

    def close(self) -> None:
        """Let go of the socket."""
        self._stream.close()

    def _take(self, piece: _Piece) -> None:
        if piece.rows is not None:
            points = tuple(Point(*row) for row in piece.rows)
            self._layouts.append(points)
        changing = (
            piece.hits,
            map(piece.exclusions.get, range(_PIECE)),
            map(piece.reasons.get, range(_PIECE)),
        )
        made = tuple(
            _as_now(point, hits, exclusion, because or "")
            for point, hits, exclusion, because in zip(self._layouts[piece.layout], *changing, strict=False)
        )
        self._layouts[piece.layout] = made
        self._points += made


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO, sender: Sender) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._sender = sender

    def persistent_id(self, value: object) -> tuple[Any, ...] | None:
        return self._sender.reference(value)


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: BinaryIO, receiver: Receiver) -> None:
        super().__init__(file)
        self._receiver = receiver

    def persistent_load(self, reference: Any) -> object:
        return self._receiver.value(reference)


def _as_now(point: Point, hits: int, exclusion: Exclusion | None, because: str) -> Point:
    """The same point, unless something of it has changed."""
    if point.hits == hits and point.because == because and point.exclusion == exclusion:
        return point
    return Point(*(*_layout(point), hits, exclusion, because))
