"""Messages between two processes: what arrives is what was sent, in pieces, and known things by name."""

from __future__ import annotations

import pickle
import socket
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm4cov_engine.coverage.coverage import Coverage
from llm4cov_engine.coverage.point import Exclusion, ExclusionKind, Metric, Point
from llm4cov_engine.coverage.target import Target
from llm4cov_engine.design.design import Design, SourceFile
from llm4cov_engine.simulator.feedback import Feedback, Status
from llm4cov_engine.state import State
from llm4cov_engine.workbench.wire import Receiver, Sender

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

DESIGN = Design("box", (SourceFile("box.sv", "module box; endmodule\n"),), "box")


class Line:
    """Both ends of a wire; what is sent is received in a thread, as in a front end."""

    def __init__(self) -> None:
        self._ends = socket.socketpair()
        self.sender, self.receiver = Sender(self._ends[0]), Receiver(self._ends[1])

    def through(self, *messages: object) -> list[Any]:
        """What arrives of some messages."""
        found: list[Any] = []

        def receive() -> None:
            found.extend(self.receiver.receive() for _ in messages)

        thread = threading.Thread(target=receive)
        thread.start()
        for message in messages:
            self.sender.send(message)
        thread.join()
        return found

    def close(self) -> None:
        """Let go of the sockets."""
        self.receiver.close()
        for end in self._ends:
            end.close()


@pytest.fixture
def line() -> Iterator[Line]:
    made = Line()
    yield made
    made.close()


def points(count: int, hits: Sequence[int] = (0, 3)) -> tuple[Point, ...]:
    metrics = list(Metric)
    return tuple(
        Point(metrics[n % 5], "box.sv", n + 1, 1, "box", ("dut",), f"what {n}", hits=hits[n % len(hits)])
        for n in range(count)
    )


def state(coverage: Coverage) -> State:
    return State(DESIGN, None, Feedback(Status.SUCCESS, coverage, log="said"))


def test_a_coverage_arrives_whole_and_once(line: Line) -> None:
    sent = state(Coverage(points(3000), "dut", "tb.dut"))
    first, second, both = line.through(sent, sent, (sent, sent.feedback))
    assert first == sent
    coverage = first.feedback.coverage
    assert (coverage.path, coverage.simulated_as) == ("dut", "tb.dut")
    assert second.feedback.coverage is coverage
    assert both[0].feedback.coverage is both[1].coverage is coverage
    # What takes long to find out comes along.
    assert {"score", "tally", "metrics"} <= vars(coverage).keys()
    assert coverage.score == Coverage(points(3000), "dut").score


def test_points_that_stay_as_they_were_are_the_same_objects(line: Line) -> None:
    before = points(2000)
    changed = {7: 5, 1500: 0}
    after = tuple(replace(p, hits=changed.get(n, p.hits)) for n, p in enumerate(before))
    one, other = line.through(Coverage(before), Coverage(after))
    assert other.per_instance == after
    fresh = {
        n for n, (a, b) in enumerate(zip(one.per_instance, other.per_instance, strict=True)) if a is not b
    }
    assert fresh == {n for n in changed if before[n] != after[n]}


def test_no_piece_of_a_large_coverage_is_large() -> None:
    here, there = socket.socketpair()
    taken = bytearray()

    def drain() -> None:
        while data := there.recv(1 << 16):
            taken.extend(data)

    thread = threading.Thread(target=drain)
    thread.start()
    Sender(here).send(Coverage(points(20_000)))
    here.close()
    thread.join()
    there.close()
    # A pickle ends with a stop, and begins with the protocol's mark.
    sizes = [len(piece) for piece in bytes(taken).split(b".\x80\x04\x95")]
    assert len(sizes) > 20
    assert max(sizes) < 64_000


def test_the_design_is_named_and_its_targets_are_told(line: Line) -> None:
    line.sender.about(DESIGN)
    line.receiver.about(DESIGN)
    aimed = replace(DESIGN, targets=(Target(percent=50.0),))
    other = replace(DESIGN, id="other")
    same, wanted, foreign = line.through(State(DESIGN), State(aimed), State(other))
    assert same.design is DESIGN
    assert wanted.design == aimed
    assert wanted.design.sources is DESIGN.sources
    assert foreign.design == other


def test_another_design_begins_with_nothing_known(line: Line) -> None:
    changed = replace(DESIGN, sources=(SourceFile("box.sv", "module box; wire a; endmodule\n"),))
    coverage = Coverage(points(600))
    arrived = []
    for design in (DESIGN, replace(DESIGN, targets=(Target(percent=50.0),)), changed):
        line.sender.about(design)
        line.receiver.about(design)
        arrived += line.through(coverage)
    first, aimed, anew = arrived
    assert aimed is first
    assert anew is not first
    assert anew == first


def test_a_message_that_cannot_be_sent_spoils_none_that_can(line: Line) -> None:
    coverage = Coverage(points(300))
    with pytest.raises((pickle.PicklingError, AttributeError, TypeError)):
        line.sender.send((coverage, lambda: None))
    found = line.through(coverage)
    assert found == [coverage]


POINT = st.builds(
    Point,
    st.sampled_from(Metric),
    st.sampled_from(["a.sv", "b.sv"]),
    st.integers(1, 3),
    st.integers(1, 2),
    st.just("m"),
    st.sampled_from([("dut",), ("dut.u",)]),
    st.sampled_from(["if", "else"]),
    hits=st.integers(0, 2),
    exclusion=st.none()
    | st.builds(Exclusion, st.sampled_from(ExclusionKind), st.sampled_from(["why", "so"])),
    because=st.sampled_from(["", "never written"]),
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(POINT, max_size=6).map(lambda p: Coverage(tuple(p))), min_size=1, max_size=12),
    st.lists(st.integers(0, 11), max_size=40),
)
def test_whatever_is_sent_in_whatever_order_arrives(coverages: list[Coverage], order: list[int]) -> None:
    line = Line()
    try:
        wanted = [coverages[at % len(coverages)] for at in order]
        found = line.through(*wanted)
        # By the fields: which points are equal is what is looked after.
        assert [each.per_instance for each in found] == [each.per_instance for each in wanted]
        assert [each.tally for each in found] == [each.tally for each in wanted]
    finally:
        line.close()
