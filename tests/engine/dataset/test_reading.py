from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from llm4cov_engine.dataset.entry import Entry, SkipReason
from llm4cov_engine.dataset.reading import DatasetFilter, read_dataset, tops
from llm4cov_engine.dataset.sources import entries
from llm4cov_engine.design.naming import instance_name
from llm4cov_engine.errors import AmbiguousTopError
from tests.engine.dataset.rows import INVERTER, PAIR, TWO_TOPS, codev, row, write

if TYPE_CHECKING:
    from pathlib import Path


def test_what_is_left_out_is_counted_by_reason(tmp_path: Path) -> None:
    long = codev("long", INVERTER + "// and so on\n" * 1_000)
    rows = [
        codev(1),
        codev(2, TWO_TOPS),
        codev(3, "wire w;"),
        "no JSON",
        codev(1),
        long,
        row("named", TWO_TOPS),
    ]
    reading = read_dataset(write(tmp_path / "some.jsonl", rows), DatasetFilter(most_tokens=1_000))
    assert reading.name == "some.jsonl"
    assert [entry.id for entry in reading.entries] == ["1", "named"]
    assert reading.skipped_by_reason == {
        SkipReason.SEVERAL_TOPS: 2,
        SkipReason.BROKEN: 1,
        SkipReason.DUPLICATE: 1,
        SkipReason.TOO_LONG: 1,
    }
    why = {each.line: each.why for each in reading.skipped}
    assert why[2] == "no module instantiates inverter, buffer"
    assert why[3] == "it declares no top module"
    assert why[6].startswith("its RTL has some 3,7")


def test_designs_are_chosen_by_pattern_and_number(tmp_path: Path) -> None:
    path = write(tmp_path / "some.jsonl", [row(f"{kind}_{n}") for n in range(3) for kind in ("a", "b")])
    reading = read_dataset(path, DatasetFilter(only=("a_*",), most=2))
    assert [entry.id for entry in reading.entries] == ["a_0", "a_1"]
    assert {each.reason for each in reading.skipped} == {SkipReason.LEFT_OUT}


def test_tops_are_what_nothing_instantiates(tmp_path: Path) -> None:
    recursive = "module r #(parameter N = 2)(input a); if (N) r #(N - 1) u(a); endmodule\n"
    circle = "module p(input a); q u(a); endmodule\nmodule q(input a); p u(a); endmodule\n"
    macro = "`define NAME hidden\nmodule `NAME(input a); endmodule\n"
    texts = [PAIR, TWO_TOPS, recursive, circle, macro, "package k; endpackage\n"]
    path = write(tmp_path / "some.jsonl", [codev(number, text) for number, text in enumerate(texts)])
    found = [tops(each) for each in entries(path) if isinstance(each, Entry)]
    assert found == [("pair",), ("inverter", "buffer"), ("r",), (), ("hidden",), ()]


def test_names_of_instances_are_those_of_the_paper() -> None:
    """A third each, by the id alone; some ids and their names pin the hash."""
    names = Counter(instance_name(str(number), "t") for number in range(3_000))
    assert names.keys() == {"dut", "uut", "inst_t"}
    assert all(900 < count < 1_100 for count in names.values())
    ids = ("plain", "0", "1", "2", "cvdp_agentic_alu_0007")
    assert [instance_name(name, "t") for name in ids] == ["dut", "uut", "inst_t", "dut", "dut"]


def test_unfiltered_rows_with_several_tops_say_so_when_they_are_elaborated(tmp_path: Path) -> None:
    path = write(tmp_path / "some.jsonl", [codev(2, TWO_TOPS)])
    (entry,) = read_dataset(path, DatasetFilter(single_top=False)).entries
    with pytest.raises(AmbiguousTopError):
        entry.design()
