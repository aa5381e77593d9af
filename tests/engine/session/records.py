"""Records to store: plain ones by hand, all there can be by hypothesis."""

from __future__ import annotations

from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from llm4cov_engine import (
    Author,
    Coverage,
    Design,
    Exclusion,
    ExclusionKind,
    Feedback,
    Metric,
    Point,
    Proposal,
    Seconds,
    SimulatorIdentity,
    SourceFile,
    State,
    Status,
    Target,
    Testbench,
    Tokens,
    Transition,
)
from llm4cov_engine.elaboration.records import Problem, Severity, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

DESIGN = Design(
    id="counter",
    sources=(SourceFile("rtl/counter.sv", "module counter(input logic clk); endmodule\n"),),
    top="counter",
    defines={"WIDTH": "8"},
    targets=(Target(90.0),),
    root=Path("/somewhere/counter"),
    notes=("one file was left out",),
)


def testbench(number: int) -> Testbench:
    return Testbench("tb.sv", f"module tb; // {number}\nendmodule\n")


def coverage(hit: int, total: int = 10) -> Coverage:
    return Coverage(
        tuple(
            Point(
                Metric.LINE, "rtl/counter.sv", line + 1, 1, "counter", ("dut",), "block", hits=int(line < hit)
            )
            for line in range(total)
        )
    )


def feedback(hit: int, total: int = 10) -> Feedback:
    return Feedback(
        Status.SUCCESS,
        coverage(hit, total),
        log="done",
        seconds=Seconds(0.1, 0.2, 0.3, 0.6),
        simulator=SimulatorIdentity("verilator", "5.048"),
    )


def proposal(number: int, **changes: object) -> Proposal:
    values: dict[str, object] = {
        "testbench": testbench(number),
        "author": Author.STUDENT,
        "policy": "chat",
        "note": f"try {number}",
        "model": "a-model",
        "sampling": {"temperature": 0.7, "top_k": 3, "greedy": False},
        "seed": number,
        "tokens": Tokens(100, 10),
        "messages": (("user", "write a testbench"), ("assistant", f"number {number}")),
    }
    return Proposal(**(values | changes))  # type: ignore[arg-type]


def walk(points: int, design: Design = DESIGN) -> Iterator[Transition]:
    """Rounds without end, each of which starts where the one before ended; one point more each time."""
    state = State(design)
    for number in count(1):
        done = Transition(state, proposal(number), feedback(number % points, points), 0.5 * number)
        yield done
        state = done.result


def chain(rounds: int) -> list[Transition]:
    """The first rounds of a walk that never closes."""
    return list(islice(walk(rounds + 1), rounds))


# Torn text is text too: a model's reply and a file's name may hold lone surrogates.
any_text = st.text(st.characters(exclude_categories=()), max_size=20)
texts = st.text(max_size=20)
counts = st.integers(min_value=0, max_value=2**70)
seconds = st.floats(min_value=0, allow_nan=False, allow_infinity=False)

any_point = st.builds(
    Point,
    metric=st.sampled_from(Metric),
    file=any_text,
    line=counts,
    column=counts,
    module=any_text,
    instances=st.lists(any_text, min_size=1, max_size=3).map(tuple),
    what=any_text,
    lines=any_text,
    hits=counts,
    exclusion=st.none() | st.builds(Exclusion, kind=st.sampled_from(ExclusionKind), reason=any_text),
    because=any_text,
)
any_span = st.builds(Span, any_text, counts, counts, counts, counts)
any_problem = st.builds(
    Problem,
    severity=st.sampled_from(Severity),
    message=any_text,
    code=any_text,
    span=st.none() | any_span,
)
any_coverage = st.builds(
    Coverage,
    per_instance=st.lists(any_point, max_size=6).map(tuple),
    path=any_text,
    simulated_as=any_text,
)
any_feedback = st.builds(
    Feedback,
    status=st.sampled_from(Status),
    coverage=st.none() | any_coverage,
    log=any_text,
    problems=st.lists(any_problem, max_size=2).map(tuple),
    seconds=st.builds(Seconds, seconds, seconds, seconds, seconds),
    cached=st.booleans(),
    simulator=st.none() | st.builds(SimulatorIdentity, any_text, any_text),
    seed=st.integers(),
    notes=st.lists(any_text, max_size=2).map(tuple),
    blames_design=st.booleans(),
    build=st.sampled_from(("", "flat", "split")),
)
any_testbench = st.builds(Testbench, any_text, any_text)
any_proposal = st.builds(
    Proposal,
    testbench=st.none() | any_testbench,
    author=st.sampled_from(Author),
    policy=any_text,
    note=any_text,
    model=any_text,
    sampling=st.dictionaries(
        any_text, any_text | st.integers() | st.floats(allow_nan=False) | st.booleans(), max_size=4
    ),
    seed=st.integers(),
    tokens=st.builds(Tokens, counts, counts),
    messages=st.lists(st.tuples(any_text, any_text), max_size=3).map(tuple),
)
any_file = st.builds(SourceFile, any_text, any_text)
any_files = st.lists(any_file, max_size=2).map(tuple)
any_names = st.lists(any_text, max_size=2).map(tuple)
any_table = st.dictionaries(any_text, any_text, max_size=2)
any_design = st.builds(
    Design,
    id=any_text,
    sources=any_files,
    top=any_text,
    instance=any_text,
    headers=any_files,
    include_dirs=any_names,
    defines=any_table,
    parameters=any_table,
    data=any_files,
    specs=any_files,
    targets=st.lists(
        st.builds(Target, st.floats(0, 100), st.sampled_from(["score", "line"]), any_text), max_size=2
    ).map(tuple),
    instruction=any_text,
    root=st.none() | texts.filter(lambda text: "\0" not in text).map(Path),
    notes=any_names,
)
