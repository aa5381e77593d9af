"""What generated C++ says, and what is done where it says something else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from llm4cov_engine.coverage.layout import NoCoverageError
from llm4cov_engine.coverage.point import Metric
from llm4cov_engine.simulator.counters import registration
from llm4cov_engine.simulator.counters.registration import Registration, UnexpectedTextError

if TYPE_CHECKING:
    from pathlib import Path

SYMS_H = """\
    // MODULE INSTANCE STATE
    Vsim___024root                 TOP;
    Vsim_leaf                      TOP__tb__DOT__dut__DOT__a;
    Vsim_leaf                      TOP__tb__DOT__dut__DOT__b__BRA__1__KET__;

    // COVERAGE
    uint32_t __Vcoverage[9];
"""
SYMS = """\
    // Setup sub module instances
    TOP__tb__DOT__dut__DOT__a.ctor(this, "tb.dut.a");
    TOP__tb__DOT__dut__DOT__b__BRA__1__KET__.ctor(this, "tb.dut.b[1]");
    TOP.__Vconfigure(true);
    TOP__tb__DOT__dut__DOT__a.__Vconfigure(true);
    TOP__tb__DOT__dut__DOT__b__BRA__1__KET__.__Vconfigure(false);
"""
HEAD = "VL_ATTR_COLD void {0}___configure_coverage({0}* vlSelf, bool first) {{\n    (void)first;\n"
ROOT = HEAD.format("Vsim___024root")
LEAF = HEAD.format("Vsim_leaf")


def insert(counter: int, scope: str, page: str, what: str, lines: str = "", machine: str = "") -> str:
    return (
        f"    vlSelf->__vlCoverInsert(&(vlSymsp->__Vcoverage[{counter}]), first, "
        f'"rtl/dut.sv", 7, 3, "{scope}", "{page}", "{what}", "{lines}", "{machine}", "", "", "");\n'
    )


def toggle(begin: int, end: int, ranged: int, counter: int, scope: str, page: str, what: str) -> str:
    return (
        f"    vlSelf->__vlCoverToggleInsert({begin}, {end}, {ranged}, &(vlSymsp->__Vcoverage[{counter}]), "
        f'first, "rtl/dut.sv", 2, 9, "{scope}", "{page}", "{what}");\n'
    )


def model(folder: Path, root: str, leaf: str = "", *, header: str = SYMS_H, syms: str = SYMS) -> Path:
    (folder / "Vsim__Syms.h").write_text(header)
    (folder / "Vsim__Syms__Slow.cpp").write_text(syms)
    (folder / "Vsim___024root__0__Slow.cpp").write_text(f"{ROOT}{root}}}\n\nint kept;\n")
    if leaf:
        (folder / "Vsim_leaf__0__Slow.cpp").write_text(f"{LEAF}{leaf}}}\n")
    return folder


def read(folder: Path) -> Registration:
    found = registration.read(folder, "Vsim")
    assert found is not None
    return found


def hits(found: Registration, counts: list[int]) -> dict[tuple[str, str], int]:
    coverage = found.layout(top="dut", instance="dut", testbench="tb.sv").coverage([*counts, 0])
    return {(point.instance, point.what): point.hits for point in coverage.per_instance}


def test_points_and_their_counters(tmp_path: Path) -> None:
    root = insert(4, ".tb.dut", "v_line/dut", "block", "7,9-11") + toggle(
        1, 0, 1, 0, ".tb.dut", "v_toggle/dut", "d"
    )
    found = read(model(tmp_path, root))
    assert found.size == 9
    assert hits(found, list(range(10, 19))) == {
        ("dut", "d[1]:1->0"): 10,
        ("dut", "d[1]:0->1"): 11,
        ("dut", "d[0]:1->0"): 12,
        ("dut", "d[0]:0->1"): 13,
        ("dut", "block"): 14,
    }
    (line,) = (
        found.layout(top="dut", instance="dut", testbench="").coverage([0] * 10).only([Metric.LINE]).points
    )
    assert (line.file, line.line, line.column, line.lines) == ("rtl/dut.sv", 7, 3, "7,9-11")


def test_ranges_may_be_negative_and_counters_shared(tmp_path: Path) -> None:
    root = toggle(-1, 0, 1, 0, ".tb.dut", "v_toggle/dut", "a") + toggle(
        0, 0, 0, 0, ".tb.dut", "v_toggle/dut", "b"
    )
    found = hits(read(model(tmp_path, root)), [5, 6, 7, 8, 0, 0, 0, 0, 0])
    assert found["dut", "a[-1]:1->0"] == found["dut", "b:1->0"] == 5
    assert found["dut", "a[0]:0->1"] == 8


def test_a_module_counts_for_its_first_instance(tmp_path: Path) -> None:
    root = insert(0, ".tb.dut", "v_line/dut", "block")
    found = read(model(tmp_path, root, insert(8, "", "v_branch/leaf", "if")))
    assert hits(found, [1, 0, 0, 0, 0, 0, 0, 0, 3]) == {
        ("dut", "block"): 1,
        ("dut.a", "if"): 3,
        ("dut.b[1]", "if"): 0,
    }


def test_names_are_the_sources(tmp_path: Path) -> None:
    root = (
        insert(0, ".tb.dut", "v_line/dut", "block")
        + insert(1, ".tb.dut", "v_expr/dut", '(s == \\"a\\\\\\303\\244\\"==1) => 1')
        + toggle(0, 0, 0, 2, ".tb.dut", "v_toggle/dut", "a___05Fb")
        + insert(4, ".tb.dut.g__BRA__0__KET____DOT__c", "v_user/dut", "c")
        + insert(5, "", "v_fsm_state/$root", "tb.dut.st::IDLE", "", "tb.dut.st")
    )
    assert set(hits(read(model(tmp_path, root)), [1] * 9)) == {
        ("dut", "block"),
        ("dut", '(s == "a\\ä"==1) => 1'),
        ("dut", "a__b:1->0"),
        ("dut", "a__b:0->1"),
        ("dut", "c"),
        ("dut", "st::IDLE"),
    }


def test_what_no_instance_registers_is_no_point(tmp_path: Path) -> None:
    text = HEAD.format("Vsim_package") + insert(1, "", "v_line/package", "block") + "}\n"
    folder = model(tmp_path, insert(0, ".tb.dut", "v_line/dut", "block"))
    (folder / "Vsim_package__0__Slow.cpp").write_text(text)
    assert set(hits(read(folder), [1] * 9)) == {("dut", "block")}


def test_a_model_without_points_registers_nothing(tmp_path: Path) -> None:
    assert registration.read(model(tmp_path, "", header="", syms=""), "Vsim") is None


def test_only_the_statements_are_removed(tmp_path: Path) -> None:
    folder = model(
        tmp_path,
        insert(0, ".tb.dut", "v_line/dut", "block") + toggle(0, 3, 1, 1, ".tb.dut", "v_toggle/dut", "x"),
    )
    registration.remove(folder, "Vsim")
    assert (folder / "Vsim___024root__0__Slow.cpp").read_text() == f"{ROOT}}}\n\nint kept;\n"


GOOD = insert(0, ".tb.dut", "v_line/dut", "block")


@pytest.mark.parametrize(
    ("root", "header", "syms"),
    [
        (GOOD + "    vlSelf->__vlCoverNews(1);\n", SYMS_H, SYMS),
        (GOOD.replace("first, ", "true, "), SYMS_H, SYMS),
        (GOOD.replace('"", "", "", "");', '"");'), SYMS_H, SYMS),
        (GOOD, SYMS_H.replace("uint32_t", "uint64_t"), SYMS),
        (GOOD, SYMS_H + SYMS_H[SYMS_H.index("    uint32_t") :], SYMS),
        (GOOD, SYMS_H, SYMS.replace("TOP.__Vconfigure(true);", "")),
        (GOOD, SYMS_H, SYMS.replace("a.__Vconfigure(true)", "a.__Vconfigure(false)")),
        (GOOD, SYMS_H, SYMS.replace('.ctor(this, "tb.dut.a")', ".ctor(this, name)")),
    ],
    ids=["call", "enable", "arguments", "width", "arrays", "instance", "first", "name"],
)
def test_other_text_is_not_read(tmp_path: Path, root: str, header: str, syms: str) -> None:
    with pytest.raises(UnexpectedTextError):
        registration.read(model(tmp_path, root, header=header, syms=syms), "Vsim")


@pytest.mark.parametrize(
    "root",
    [
        insert(9, ".tb.dut", "v_line/dut", "block"),
        toggle(0, 3, 1, 2, ".tb.dut", "v_toggle/dut", "x"),
        insert(0, ".tb.dut", "line", "block"),
        insert(0, ".tb.dut", "v_line/dut", "\\q"),
    ],
    ids=["counter", "counters", "page", "escape"],
)
def test_statements_that_mean_nothing_are_noticed(tmp_path: Path, root: str) -> None:
    found = read(model(tmp_path, root))
    with pytest.raises(UnexpectedTextError):
        found.layout(top="dut", instance="dut", testbench="")


def test_other_modules_are_not_the_dut(tmp_path: Path) -> None:
    found = read(model(tmp_path, GOOD))
    with pytest.raises(NoCoverageError, match="No instance of `other`"):
        found.layout(top="other", instance="dut2", testbench="")
