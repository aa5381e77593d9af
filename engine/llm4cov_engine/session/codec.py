"""The engine's records as bytes and back.

Everything becomes ASCII JSON: escaped, so that text a terminal or a model has torn (lone surrogates) comes
back as it went in. Contents are named by the digest of that JSON, so equal contents are stored once.
"""

from __future__ import annotations

import json
import os
import zlib
from dataclasses import dataclass, field, fields, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from llm4cov_engine.coverage.point import Exclusion, ExclusionKind, Metric, Point
from llm4cov_engine.design.design import Design
from llm4cov_engine.digest import digest
from llm4cov_engine.simulator.feedback import Feedback, Seconds
from llm4cov_engine.state import Proposal
from llm4cov_engine.testbench import Testbench

if TYPE_CHECKING:
    from collections.abc import Callable

_LEVEL = 6
"""Of deflate: a harder one takes several times as long for a few percent."""

_DESIGN = TypeAdapter(Design)
_TESTBENCH = TypeAdapter(Testbench)
_PROPOSAL = TypeAdapter(Proposal)
_FEEDBACK = TypeAdapter(Feedback)
_SECONDS = TypeAdapter(Seconds)


@dataclass(frozen=True, slots=True)
class Blob:
    """A content and its name.

    Attributes:
        text: JSON, as bytes.
    """

    text: bytes
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", digest((self.text,)))

    def deflated(self) -> bytes:
        """What is stored."""
        return zlib.compress(self.text, _LEVEL)


@dataclass(frozen=True, slots=True)
class FeedbackParts:
    """A feedback in the parts it is stored in.

    Attributes:
        content: what makes the feedback what it is: equal for two calls with the same answer.
        points: the coverage points without their hits, which are the same round after round; None without
            coverage.
        call: JSON of what belongs to the one call: its seconds, and whether the cache answered.
    """

    content: Blob
    points: Blob | None
    call: str


def to_json(value: object) -> str:
    """Compact ASCII JSON of plain values, paths and enumerations of strings."""
    return json.dumps(value, separators=(",", ":"), default=os.fspath)


def _blob(value: object) -> Blob:
    return Blob(to_json(value).encode("ascii"))


def inflate(name: str, data: bytes) -> Any:
    """The JSON value of a stored blob.

    Raises:
        ValueError: the data is not what it was when it was stored.
    """
    try:
        text = zlib.decompress(data)
    except zlib.error as error:
        raise ValueError(f"blob {name}: {error}") from error
    if digest((text,)) != name:
        raise ValueError(f"blob {name} has changed")
    return json.loads(text)


def design_blob(design: Design) -> Blob:
    """A design as a blob."""
    return _blob(_DESIGN.dump_python(design))


def design_from(value: object) -> Design:
    """Undo `design_blob`; here and below ValueError when the values make no such record."""
    return _DESIGN.validate_python(value)


def testbench_blob(testbench: Testbench) -> Blob:
    """A testbench as a blob."""
    return _blob(_TESTBENCH.dump_python(testbench))


def testbench_from(value: object) -> Testbench:
    """Undo `testbench_blob`."""
    return _TESTBENCH.validate_python(value)


def messages_blob(messages: tuple[tuple[str, str], ...]) -> Blob:
    """The messages of a proposal as a blob."""
    return _blob(messages)


def proposal_text(proposal: Proposal) -> str:
    """JSON of a proposal but for its testbench and messages, which are blobs of their own."""
    return to_json(_PROPOSAL.dump_python(replace(proposal, testbench=None, messages=())))


def proposal_from(text: str, testbench: object, messages: object) -> Proposal:
    """Undo `proposal_text`; `testbench` and `messages` are None where there were none."""
    value = json.loads(text)
    value["testbench"] = testbench
    value["messages"] = messages or ()
    return _PROPOSAL.validate_python(value)


def feedback_parts(feedback: Feedback) -> FeedbackParts:
    """Split a feedback into what is stored."""
    coverage = feedback.coverage
    points = _points_blob(coverage.per_instance) if coverage is not None else None
    own = replace(
        feedback,
        coverage=replace(coverage, per_instance=()) if coverage is not None else None,
        seconds=Seconds(),
        cached=False,
    )
    content = {
        "feedback": _FEEDBACK.dump_python(own),
        "points": points.digest if points else None,
        "hits": [point.hits for point in coverage.per_instance] if coverage is not None else None,
    }
    call = {"seconds": _SECONDS.dump_python(feedback.seconds), "cached": feedback.cached}
    return FeedbackParts(_blob(content), points, to_json(call))


def feedback_from(content: Any, points: Any, call: str) -> Feedback:
    """Undo `feedback_parts`; `points` is None where there were none."""
    value = {**content["feedback"], **json.loads(call)}
    feedback = _FEEDBACK.validate_python(value)
    if feedback.coverage is None:
        return feedback
    coverage = replace(feedback.coverage, per_instance=tuple(_points(points, content["hits"])))
    return replace(feedback, coverage=coverage)


# A large design has tens of thousands of points: columns of plain values instead of one object each.

_COLUMNS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "metric": (str, Metric),
    "instances": (list, tuple),
    "exclusion": (
        lambda exclusion: exclusion and [exclusion.kind, exclusion.reason],
        lambda value: value and Exclusion(ExclusionKind(value[0]), value[1]),
    ),
}
"""How the columns that are no plain values are written and read."""


def _points_blob(points: tuple[Point, ...]) -> Blob:
    columns: dict[str, list[Any]] = {}
    for name in (each.name for each in fields(Point) if each.name != "hits"):
        column = map(attrgetter(name), points)
        columns[name] = list(map(_COLUMNS[name][0], column) if name in _COLUMNS else column)
    return _blob(columns)


def _points(columns: dict[str, list[Any]], hits: list[int]) -> list[Point]:
    values = {
        name: list(map(_COLUMNS[name][1], column)) if name in _COLUMNS else column
        for name, column in columns.items()
    }
    values["hits"] = hits
    names = [each.name for each in fields(Point) if each.name in values]
    # A field this store's writer did not know keeps its default.
    rows = zip(*(values[name] for name in names), strict=True)
    return [Point(**dict(zip(names, row, strict=True))) for row in rows]
