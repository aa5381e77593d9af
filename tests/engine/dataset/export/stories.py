"""Sessions in stores to export: told by hand, and all there can be by hypothesis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from llm4cov_engine.coverage.coverage import Coverage
from llm4cov_engine.coverage.point import Metric, Point
from llm4cov_engine.design.design import Design, SourceFile
from llm4cov_engine.simulator.feedback import Feedback, SimulatorIdentity, Status
from llm4cov_engine.state import Author, Proposal, State, Tokens, Transition
from llm4cov_engine.testbench import Testbench

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from llm4cov_engine.session.session import Session
    from llm4cov_engine.session.store import SessionStore

RTL = """\
module {name} (
    input  logic       clk,
    input  logic [3:0] a,
    output logic [3:0] y
);
    always_ff @(posedge clk) if (a[0]) y <= a; else y <= ~a;
endmodule
"""

FAILURES = tuple(status for status in Status if status is not Status.SUCCESS)


def design(name: str = "flop", root: Path | None = None, extra: str = "") -> Design:
    return Design(name, (SourceFile(f"{name}.sv", RTL.format(name=name) + extra),), name, root=root)


def bench(number: int, note: str = "") -> Testbench:
    text = (
        f"module tb; logic clk; flop dut (.clk, .a(4'd{number % 16}), .y()); // {number} {note}\nendmodule\n"
    )
    return Testbench("tb.sv", text)


def coverage(lines: int, toggles: int, total: int = 10) -> Coverage:
    """So many of `total` lines and toggles each."""

    def points(metric: Metric, hit: int) -> list[Point]:
        return [
            Point(metric, "flop.sv", line + 1, 1, "flop", ("dut",), f"{metric} {line}", hits=int(line < hit))
            for line in range(total)
        ]

    return Coverage((*points(Metric.LINE, lines), *points(Metric.TOGGLE, toggles)))


def success(lines: int, toggles: int | None = None, log: str = "done") -> Feedback:
    covered = coverage(lines, lines if toggles is None else toggles)
    return Feedback(Status.SUCCESS, covered, log=log, simulator=SimulatorIdentity("verilator", "5.048"))


def failure(status: Status = Status.COMPILE_FAILED, log: str = "%Error: no") -> Feedback:
    return Feedback(status, log=log, simulator=SimulatorIdentity("verilator", "5.048"))


def proposal(number: int, author: Author = Author.STUDENT, **changes: object) -> Proposal:
    values: dict[str, object] = {
        "testbench": bench(number),
        "author": author,
        "policy": "chat",
        "note": f"try {number}",
        "model": "a-model" if author in (Author.STUDENT, Author.TEACHER) else "",
        "sampling": {"temperature": 0.7},
        "seed": number,
        "tokens": Tokens(100, 10),
    }
    return Proposal(**(values | changes))  # type: ignore[arg-type]


def tell(
    session: Session, number: int, feedback: Feedback, start: State | None = None, **how: object
) -> State:
    """Record a round from a state, s0 when left out; returns what it led to."""
    begin = State(session.design) if start is None else start
    done = Transition(begin, proposal(number, **how), feedback, 0.5)  # type: ignore[arg-type]
    session.record(done)
    return done.result


def story(store: SessionStore, about: Design | None = None) -> Session:
    """A slip, its repair, a person's improvement, and beside it one that loses toggles."""
    session = store.create(about or design(), policy="chat", settings={"seed": 1})
    slip = tell(session, 1, failure())
    mended = tell(session, 2, success(4), slip, author=Author.TEACHER)
    tell(session, 3, success(7), mended, author=Author.HUMAN)
    tell(session, 4, success(9, 3), mended)
    tell(session, 5, success(5))
    tell(session, 6, failure(Status.SCREENED_OUT, "nothing usable"), author=Author.STUDENT, testbench=None)
    return session


def feedbacks() -> st.SearchStrategy[Feedback]:
    return st.builds(success, st.integers(0, 10), st.integers(0, 10)) | st.builds(
        failure, st.sampled_from(FAILURES)
    )


@st.composite
def trees(
    draw: Callable[[st.SearchStrategy[object]], object], most: int = 9
) -> list[tuple[int, int, Feedback, Author]]:
    """Rounds as (parent, testbench number, feedback, author); parent 0 is s0, n the n-th round."""
    count = draw(st.integers(1, most))
    assert isinstance(count, int)
    return [
        (
            draw(st.integers(0, number)),  # type: ignore[misc]
            draw(st.integers(1, 5)),
            draw(feedbacks()),
            draw(st.sampled_from(list(Author))),
        )
        for number in range(count)
    ]


def grow(session: Session, tree: list[tuple[int, int, Feedback, Author]]) -> list[Transition]:
    """Record a tree; returns its rounds."""
    states = [State(session.design)]
    rounds = []
    for parent, number, feedback, author in tree:
        done = Transition(states[parent], proposal(number, author), feedback, 0.5)
        session.record(done)
        states.append(done.result)
        rounds.append(done)
    return rounds
