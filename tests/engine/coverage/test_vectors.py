from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from llm4cov_engine.coverage.point import Metric
from llm4cov_engine.coverage.vectors import covers, ranges
from tests.engine.coverage.samples import point

EDGES = ("0->1", "1->0")


def described(*whats: str) -> list[str]:
    return [text for text, _ in ranges(point(what, metric=Metric.TOGGLE) for what in whats)]


def test_neighbours_become_ranges() -> None:
    assert described("d[7]:0->1", "d[5]:0->1", "d[6]:0->1", "d[2]:0->1") == ["d[7:5] 0->1", "d[2] 0->1"]


def test_bits_that_miss_both_edges_say_so() -> None:
    assert described("d[1]:0->1", "d[1]:1->0", "d[0]:1->0", "d[0]:0->1") == ["d[1:0] 0->1, 1->0"]
    assert described("rst_n:1->0") == ["rst_n 1->0"]


def test_arrays_and_structs() -> None:
    bits = [f"mem[{word}][{bit}]:0->1" for word in range(4) for bit in (4, 5, 6, 7)]
    assert described(*bits) == ["mem[3:0][7:4] 0->1"]
    assert described("x.f[3]:0->1", "x.f[2]:0->1", "x.v:0->1") == ["x.f[3:2] 0->1", "x.v 0->1"]
    assert described("d[-1]:0->1", "d[0]:0->1") == ["d[0:-1] 0->1"]
    assert described("g[1].q[0]:0->1", "g[0].q[0]:0->1") == ["g[1:0].q[0] 0->1"]


bits = st.sets(st.tuples(st.integers(-1, 4), st.integers(0, 6), st.sampled_from(EDGES)), max_size=40)


@given(bits)
def test_every_bit_is_in_exactly_one_range(chosen: set[tuple[int, int, str]]) -> None:
    whats = {f"m[{word}][{bit}]:{edge}" for word, bit, edge in chosen}
    found = ranges(point(what, metric=Metric.TOGGLE) for what in sorted(whats))
    held = [each.what for _, members in found for each in members]
    assert sorted(held) == sorted(whats)
    for description, members in found:
        inside = {each.what for each in members}
        assert inside == {what for what in whats if covers(description, what)}


def test_a_description_without_edges_takes_in_both() -> None:
    assert covers("d[7:4]", "d[5]:1->0")
    assert covers("d[4:7] 0->1", "d[5]:0->1")
    assert not covers("d[7:4] 0->1", "d[5]:1->0")
    assert not covers("d[7:4]", "d[3]:0->1")
    assert not covers("d[7:4]", "e[5]:0->1")
    assert not covers("d", "d[5]:0->1")
    assert covers("clk", "clk:0->1")
    assert covers("d[5]:0->1", "d[5]:0->1")
