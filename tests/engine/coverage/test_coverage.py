from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm4cov_engine.coverage.coverage import Coverage, count
from llm4cov_engine.coverage.point import Exclusion, ExclusionKind, Metric, Point
from llm4cov_engine.coverage.target import Target
from tests.engine.coverage.samples import coverage, point

UNREACHABLE = Exclusion(ExclusionKind.UNREACHABLE, "proved")
WAIVED = Exclusion(ExclusionKind.WAIVED, "tied off")

points = st.builds(
    Point,
    metric=st.sampled_from(Metric),
    file=st.sampled_from(["a.sv", "b.sv"]),
    line=st.integers(1, 3),
    column=st.just(1),
    module=st.sampled_from(["m", "m__W8"]),
    instances=st.sampled_from([("dut",), ("dut.a",), ("dut.a.x",), ("dut.b[2]",), ("dut.b[10]",)]),
    what=st.sampled_from(["if", "else"]),
    lines=st.just(""),
    hits=st.integers(0, 2),
)


@st.composite
def coverages(draw: st.DrawFn) -> Coverage:
    drawn = draw(st.lists(points, max_size=25, unique_by=lambda point: (point.identity, point.module)))
    return Coverage(tuple(drawn))


@given(coverages())
def test_merging_keeps_every_hit_and_counts_every_thing_once(given_coverage: Coverage) -> None:
    merged = given_coverage.points
    assert sum(point.hits for point in merged) == sum(point.hits for point in given_coverage.per_instance)
    machines = (Metric.FSM_STATE, Metric.FSM_ARC)
    things = {
        (
            point.metric,
            point.file,
            point.line,
            point.module,
            point.what,
            point.metric in machines and point.instances,
        )
        for point in given_coverage.per_instance
    }
    assert len(merged) == len(things)


@given(coverages())
def test_tallies_add_up(given_coverage: Coverage) -> None:
    tally = given_coverage.tally
    assert tally == count(given_coverage.points)
    assert tally.total == len(given_coverage.points)
    assert sum(part.tally.total for part in given_coverage.files.values()) == tally.total
    assert 0.0 <= given_coverage.score <= 1.0
    assert (given_coverage.score == 1.0) == (tally.total > 0 and tally.hit == tally.total)


@given(coverages())
def test_instances_hold_what_is_at_and_below_them(given_coverage: Coverage) -> None:
    for path, part in given_coverage.instances.items():
        expected = [
            each
            for each in given_coverage.per_instance
            if each.instance == path or each.instance.startswith(f"{path}.")
        ]
        assert sorted(part.per_instance, key=repr) == sorted(expected, key=repr)


@given(coverages())
def test_exclusions_leave_the_denominator(given_coverage: Coverage) -> None:
    chosen = given_coverage.per_instance[::2]
    for exclusion in (UNREACHABLE, WAIVED):
        after = given_coverage.excluding({point.identity: exclusion for point in chosen})
        tally = after.tally
        assert tally.total + tally.unreachable + tally.waived == len(after.points)
        assert after.identities == given_coverage.identities
        if exclusion is UNREACHABLE:
            assert tally.hit == given_coverage.tally.hit, "a hit point counts whatever a proof says"
            assert (tally.ratio or 1.0) >= (given_coverage.tally.ratio or 0.0)


def test_the_score_is_the_mean_of_the_metrics_that_have_points() -> None:
    found = Coverage(
        (
            point("a", hits=1),
            point("b", hits=1),
            point("c"),
            point("d"),
            point("e", metric=Metric.TOGGLE, hits=1),
        )
    )
    assert found.score == pytest.approx((0.5 + 1.0) / 2)
    assert found.tally.ratio == pytest.approx(3 / 5)
    assert found.metrics[Metric.BRANCH].ratio is None
    assert Coverage(()).score == 0.0


def test_a_merged_point_is_excluded_when_it_is_in_every_instance() -> None:
    one, other = point(instance="dut.a"), point(instance="dut.b")
    found = Coverage((one, other))
    assert found.excluding({one.identity: WAIVED}).points[0].exclusion is None
    both = found.excluding({one.identity: UNREACHABLE, other.identity: WAIVED})
    assert both.points[0].exclusion == WAIVED
    assert both.points[0].instances == ("dut.a", "dut.b")


def test_the_first_exclusion_stays() -> None:
    found = Coverage((replace(point(), exclusion=UNREACHABLE),))
    assert found.excluding({found.per_instance[0].identity: WAIVED}).points[0].exclusion == UNREACHABLE


def test_machines_of_two_instances_are_two() -> None:
    states = [point("st::A", metric=Metric.FSM_STATE, instance=f"dut.u{n}", hits=n) for n in (0, 1)]
    assert Coverage(tuple(states)).tally.total == 2


def test_order_of_instances_follows_numbers() -> None:
    names = ["dut.g[10].u", "dut.g[9].u.deep", "dut.g[9].u", "dut.a", "dut.ab", "dut.a.z", "dut"]
    found = Coverage(tuple(point(instance=name) for name in names))
    assert list(found.instances) == [
        "dut",
        "dut.a",
        "dut.a.z",
        "dut.ab",
        "dut.g[9].u",
        "dut.g[9].u.deep",
        "dut.g[10].u",
    ]


def test_within_takes_a_path_or_its_last_components() -> None:
    found = coverage("alu")
    assert found.within("") is found
    assert found.within("dut") is found
    assert found.within("u_ctrl").path == "dut.u_ctrl"
    assert found.within("dut.u_ctrl").tally == found.within("u_ctrl").tally
    assert found.within("g[1].u_c").path == "dut.g[1].u_c"
    assert {each.instance for each in found.within("u_c").per_instance} == {"dut.g[0].u_c", "dut.g[1].u_c"}
    assert found.within("ctrl").per_instance == ()


def test_an_instance_at_the_top_without_points_is_still_shown() -> None:
    found = Coverage((point(instance="dut.a", hits=1), point("x", instance="dut.b")), path="dut")
    assert list(found.instances) == ["dut", "dut.a", "dut.b"]
    assert found.instances["dut"].tally.total == 2
    assert found.module == ""


@pytest.mark.parametrize(
    ("target", "actual", "met"),
    [
        (Target(60.0), 65.88, True),
        (Target(66.0), 65.88, False),
        (Target(50.0, "points"), 55.99, True),
        (Target(100.0, "branch", "u_c4"), 100.0, True),
        (Target(50.0, "branch", "dut.u_c8"), 50.0, True),
        (Target(72.0, "block"), 72.97, True),
        (Target(1.0, "fsm"), None, False),
        (Target(1.0, "score", "nobody"), None, False),
    ],
)
def test_targets(target: Target, actual: float | None, met: bool) -> None:
    (result,) = coverage("alu").results([target])
    assert result.actual == (None if actual is None else pytest.approx(actual, abs=0.005))
    assert result.met is met


@given(st.integers(1, 400), st.data())
def test_a_target_that_is_met_exactly_is_met(total: int, data: st.DataObject) -> None:
    hit = data.draw(st.integers(0, total))
    found = Coverage(tuple(point(str(number), hits=number < hit) for number in range(total)))
    percent = float(f"{100 * hit / total:.12f}")
    assert found.results([Target(percent)])[0].met
    assert not found.results([Target(percent + 0.01)])[0].met


def test_identities_tell_what_a_round_newly_hit() -> None:
    before = coverage("alu")
    after = Coverage(tuple(replace(each, hits=each.hits + (each.line == 15)) for each in before.per_instance))
    (new,) = after.identities - before.identities
    assert new == ("line", "dut.sv", "15", "11", "case", "dut.u_ctrl")
