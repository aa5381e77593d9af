"""Every module of a repository as something to verify."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm4cov_engine import candidates

if TYPE_CHECKING:
    from pathlib import Path


def test_tops_come_first_and_testbenches_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "rtl").mkdir()
    (tmp_path / "rtl" / "leaf.sv").write_text("module leaf(input a, output y); assign y = a; endmodule\n")
    (tmp_path / "rtl" / "both.sv").write_text(
        "module both(input a, output y); leaf u0(.a, .y); endmodule\n"
        "module alone(input a, output y); assign y = !a; endmodule\n"
    )
    (tmp_path / "tb.sv").write_text(
        "module tb; logic a, y; both dut(.*); initial begin #5 $finish; end endmodule\n"
    )
    found = candidates(tmp_path)
    assert [(each.module, each.is_top, each.instantiates) for each in found] == [
        ("alone", True, ()),
        ("both", True, ("leaf",)),
        ("leaf", False, ()),
    ]
    assert found[2].span.file == "rtl/leaf.sv"


def test_what_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "torn.sv").write_bytes(b"module torn(input a; \xff\xfe endmodule\n")
    (tmp_path / "good.sv").write_text("module good(input a, output y); assign y = a; endmodule\n")
    assert "good" in [each.module for each in candidates(tmp_path)]


def test_a_folder_without_rtl_has_none(tmp_path: Path) -> None:
    assert candidates(tmp_path) == ()
