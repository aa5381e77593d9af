from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from llm4cov_engine.coverage.holes import holes
from llm4cov_engine.coverage.point import ExclusionKind, Metric
from llm4cov_engine.coverage.waivers import Waiver, apply, waiver_for
from tests.engine.coverage.samples import coverage, design, point


def test_a_waived_point_leaves_numerator_and_denominator() -> None:
    before = coverage("alu")
    waived = apply([Waiver("no debug port on this chip", instance="dut.bif")], before)
    assert waived.stale == ()
    assert waived.coverage.tally.waived == 26
    assert waived.coverage.tally.total == before.tally.total - 26
    assert {point.exclusion.kind for point in waived.coverage.per_instance if point.exclusion} == {
        ExclusionKind.WAIVED
    }


def test_what_matches_nothing_is_stale() -> None:
    good, bad = Waiver("r", file="dut.sv"), Waiver("r", file="gone.sv")
    assert apply([bad, good], coverage("alu")).stale == (bad,)


def test_the_first_reason_is_shown() -> None:
    waived = apply([Waiver("one", file="dut.sv"), Waiver("two", instance="dut")], coverage("alu")).coverage
    reasons = {each.file: each.exclusion.reason for each in waived.per_instance if each.exclusion}
    assert reasons == {"dut.sv": "one", "pkg.sv": "two"}


def test_files() -> None:
    some = point(file="rtl/core/ctrl.sv")
    for pattern in ("rtl/core/ctrl.sv", "ctrl.sv", "core/ctrl.sv", "rtl/*", "*.sv", "c???.sv"):
        assert Waiver("r", file=pattern).applies_to(some), pattern
    for pattern in ("trl.sv", "rtl/ctrl.sv", "rtl", "c[tx]rl.sv"):
        assert not Waiver("r", file=pattern).applies_to(some), pattern


def test_instances_take_in_what_is_below() -> None:
    some = point(instance="dut.g[0].u_a.u_b")
    for pattern in ("dut", "dut.g[0].u_a", "u_a", "g[*].u_a", "u_?", "u_a.u_b", "dut.*"):
        assert Waiver("r", instance=pattern).applies_to(some), pattern
    for pattern in ("u_b.u_a", "a", "dut.g[1].u_a", "g[01].u_a"):
        assert not Waiver("r", instance=pattern).applies_to(some), pattern


def test_lines_metrics_modules() -> None:
    some = point(line=12, module="fifo__W4")
    assert Waiver("r", lines=(10, 12)).applies_to(some)
    assert not Waiver("r", lines=(13, 20)).applies_to(some)
    assert Waiver("r", metrics=(Metric.LINE, Metric.TOGGLE)).applies_to(some)
    assert not Waiver("r", metrics=(Metric.TOGGLE,)).applies_to(some)
    assert Waiver("r", module="fifo").applies_to(some)
    assert Waiver("r", module="fifo__W*").applies_to(some)
    assert not Waiver("r", module="fif").applies_to(some)


def test_what_is_exact_or_a_glob() -> None:
    row = point("(a[1]==1 && b==0) => 1", metric=Metric.EXPRESSION)
    assert Waiver("r", what="(a[1]==1 && b==0) => 1").applies_to(row)
    assert Waiver("r", what="*b==0*").applies_to(row)
    assert not Waiver("r", what="a[1]").applies_to(row)


def test_ranges_are_waived_as_reports_show_them() -> None:
    before = coverage("alu")
    hole = next(hole for hole in holes(before) if hole.what.startswith("a[7:4]"))
    after = apply(
        [Waiver("r", file=hole.file, lines=(hole.line, hole.line), what=hole.what)], before
    ).coverage
    assert after.tally.waived == len(hole.points) == 8


@given(st.integers(0, 200))
def test_any_hole_can_be_waived(index: int) -> None:
    before = coverage("alu")
    found = holes(before, design("alu"))
    hole = found[index % len(found)]
    after = apply([waiver_for(hole, "r")], before).coverage
    assert {each.identity for each in after.points if each.exclusion} >= {
        each.identity for each in hole.points
    }
    assert after.tally.waived <= 2 * len(hole.points), "the other parameterisation of the module at most"
