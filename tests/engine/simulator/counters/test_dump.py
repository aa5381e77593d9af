from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm4cov_engine.coverage.layout import NoCoverageError
from llm4cov_engine.simulator.counters.dump import parse_counters

counters = st.lists(st.integers(0, 2**32 - 1), max_size=8)
scopes = st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=12)


def written(*arrays: tuple[str, list[int]]) -> bytes:
    head = "".join(f"{len(numbers)} 0 {scope}\n" for scope, numbers in arrays)
    return head.encode() + b"\n" + b"".join(struct.pack(f"={len(each)}I", *each) for _, each in arrays)


@given(st.lists(st.tuples(scopes, counters), min_size=1, max_size=4))
def test_arrays_come_back(arrays: list[tuple[str, list[int]]]) -> None:
    assert [(each.scope, list(each.counts)) for each in parse_counters(written(*arrays))] == arrays


@given(st.lists(st.tuples(scopes, counters), min_size=1, max_size=3), st.data())
def test_a_part_of_the_file_is_noticed(arrays: list[tuple[str, list[int]]], data: st.DataObject) -> None:
    whole = written(*arrays)
    part = whole[: data.draw(st.integers(0, len(whole) - 1))]
    # The last bytes of a file whose last arrays are empty say nothing.
    with pytest.raises(NoCoverageError):
        parse_counters(part)


@pytest.mark.parametrize(
    "data", [b"", b"\n\n", b"x 0 y\n\n", b"-1 0 a\n\n", b"1 0 a\n\n12345", b"1 a\n\n1234"]
)
def test_damage_is_noticed(data: bytes) -> None:
    with pytest.raises(NoCoverageError):
        parse_counters(data)
