"""What an editor's gutter says of a line."""

from __future__ import annotations

from llm4cov_engine.coverage.coverage import Coverage
from llm4cov_engine.coverage.marks import LineStatus, marks
from llm4cov_engine.coverage.point import Exclusion, ExclusionKind, Metric, Point

WAIVED = Exclusion(ExclusionKind.WAIVED, "not on this chip")
UNREACHABLE = Exclusion(ExclusionKind.UNREACHABLE, "tied")


def point(
    line: int, hits: int, *, metric: Metric = Metric.LINE, lines: str = "", exclusion: Exclusion | None = None
) -> Point:
    what = f"{metric}{line}{hits}{exclusion and exclusion.reason}"
    return Point(metric, "a.sv", line, 1, "a", ("dut",), what, lines=lines, hits=hits, exclusion=exclusion)


def status(*points: Point) -> dict[int, LineStatus]:
    return {number: mark.status for number, mark in marks(Coverage(points), "a.sv").items()}


def test_a_line_is_what_all_its_points_are() -> None:
    assert status(
        point(1, 3),
        point(2, 0),
        point(3, 1),
        point(3, 0, metric=Metric.TOGGLE),
        point(4, 0, exclusion=WAIVED),
        point(5, 0, exclusion=UNREACHABLE),
        point(6, 2),
        point(6, 0, metric=Metric.TOGGLE, exclusion=UNREACHABLE),
    ) == {
        1: LineStatus.HIT,
        2: LineStatus.MISSED,
        3: LineStatus.PARTLY,
        4: LineStatus.WAIVED,
        5: LineStatus.UNREACHABLE,
        6: LineStatus.HIT,
    }


def test_a_block_marks_every_line_of_it_and_a_branch_its_own() -> None:
    block = point(2, 1, lines="2,4-5")
    branch = point(4, 0, metric=Metric.BRANCH, lines="4-6")
    found = marks(Coverage((block, branch)), "a.sv")
    assert {number: mark.status.value for number, mark in found.items()} == {
        2: "hit",
        4: "partly",
        5: "hit",
    }
    assert found[4].counted == (1, 2)
    assert found[4].hits == 1


def test_a_point_hit_in_one_instance_is_hit() -> None:
    here = Point(Metric.LINE, "a.sv", 1, 1, "a", ("dut.u0",), "block", hits=0)
    there = Point(Metric.LINE, "a.sv", 1, 1, "a", ("dut.u1",), "block", hits=4)
    assert status(here, there) == {1: LineStatus.HIT}


def test_a_file_without_points_has_no_marks() -> None:
    assert marks(Coverage((point(1, 1),)), "b.sv") == {}
