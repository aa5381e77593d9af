from __future__ import annotations

from pathlib import Path

import pytest

from llm4cov_engine.coverage.target import Target
from llm4cov_engine.design import shelf, texts
from llm4cov_engine.design.loading import load
from llm4cov_engine.design.options import DesignOptions
from llm4cov_engine.elaboration import elaborate
from llm4cov_engine.errors import (
    AmbiguousTopError,
    DesignError,
    ElaborationError,
    NoDesignError,
    SettingsError,
)
from tests.engine.design.folders import LEAF, TESTBENCH, TOP, lay_out, names


def test_a_repository_with_all_that_usually_lies_around(tmp_path: Path) -> None:
    root = lay_out(
        tmp_path / "chip",
        {
            "rtl/top.sv": TOP,
            "rtl/leaf.v": LEAF,
            "tb/top_tb.sv": TESTBENCH,
            "build/generated.v": "module generated(input a); endmodule\n",
            ".git/x.v": "module hidden(input a); endmodule\n",
            "README.md": "text",
        },
    )
    design = load(root)
    assert (design.id, design.top, design.instance, design.root) == ("chip", "top", "dut", root)
    assert names(design) == ["rtl/leaf.v", "rtl/top.sv"]
    assert design.notes == ("Left out, as testbenches: tb/top_tb.sv.",)
    assert design.headers == design.data == design.specs == ()
    assert design.targets == ()


def test_packages_and_interfaces_come_before_their_users(tmp_path: Path) -> None:
    lay_out(
        tmp_path,
        {
            "a_top.sv": "module a_top import z_pkg::*; (bus.m b, input t_e x); endmodule\n",
            "m_base.sv": "package m_base; typedef logic [3:0] nibble; endpackage\n",
            "x_bus.sv": "interface bus; m_base::nibble n; modport m(input n); endinterface\n",
            "z_pkg.sv": "package z_pkg; import m_base::*; typedef enum nibble {A} t_e; endpackage\n",
        },
    )
    assert names(load(tmp_path)) == ["m_base.sv", "x_bus.sv", "z_pkg.sv", "a_top.sv"]


def test_macros_left_by_one_file_to_another(tmp_path: Path) -> None:
    lay_out(
        tmp_path,
        {"a.v": "module top(input [`W-1:0] a); endmodule\n", "zz_defines.v": "`define W 6\n"},
    )
    design = load(tmp_path)
    assert names(design) == ["zz_defines.v", "a.v"]
    assert elaborate(design).ports[0].width == 6


def test_macros_that_ask_for_parents_first(tmp_path: Path) -> None:
    lay_out(
        tmp_path,
        {
            "top.v": "`ifdef LEAF_SEEN\n`error_read_me_first\n`endif\n`define TOP_SEEN\n" + TOP,
            "leaf.v": "`define LEAF_SEEN\n" + LEAF,
        },
    )
    assert names(load(tmp_path)) == ["top.v", "leaf.v"]


def test_types_and_functions_outside_of_modules(tmp_path: Path) -> None:
    lay_out(
        tmp_path,
        {
            "top.sv": "module top(input word_t a, output word_t b); assign b = twice(a); endmodule\n",
            "types.sv": "typedef logic [DEPTH:0] word_t;\n"
            "function word_t twice(word_t x); return x << 1; endfunction\n",
            "z.sv": "parameter DEPTH = 4;\n",
            "state.sv": "typedef int unused_t; module other_tb; endmodule\n",
        },
    )
    design = load(tmp_path)
    assert set(names(design)) == {"top.sv", "types.sv", "z.sv"}
    assert elaborate(design).ports[0].width == 5


def test_headers_are_found_beside_below_and_above(tmp_path: Path) -> None:
    lay_out(
        tmp_path,
        {
            "rtl/core/top.sv": '`include "local.svh"\n`include "shared.svh"\n'
            '`include "../up.svh"\n`include "pkg/deep.vh"\n'
            "module top(input [`A+`B+`C+`D:0] x); endmodule\n",
            "rtl/core/local.svh": '`include "second.svh"\n',
            "rtl/core/second.svh": "`define A 1\n",
            "inc/shared.svh": "`define B 2\n",
            "rtl/up.svh": "`define C 3\n",
            "lib/pkg/deep.vh": "`define D 4\n",
            "other/unrelated.svh": "",
        },
    )
    design = load(tmp_path)
    assert {header.name for header in design.headers} == {
        "rtl/core/local.svh",
        "rtl/core/second.svh",
        "inc/shared.svh",
        "rtl/up.svh",
        "lib/pkg/deep.vh",
    }
    assert set(design.include_dirs) == {"inc", "lib"}
    assert elaborate(design).ports[0].width == 11


def test_the_header_nearest_to_its_user_is_taken(tmp_path: Path) -> None:
    lay_out(
        tmp_path,
        {
            "a/rtl/top.v": '`include "w.vh"\nmodule top(input [`W:0] x); endmodule\n',
            "a/inc/w.vh": "`define W 1\n",
            "b/inc/w.vh": "`define W 7\n",
        },
    )
    assert elaborate(load(tmp_path)).ports[0].width == 2


def test_a_header_beside_its_user_wins_over_one_that_another_file_included(tmp_path: Path) -> None:
    lay_out(
        tmp_path,
        {
            "a/top.v": '`include "w.v"\nmodule top(input [`W:0] x); other u(); endmodule\n',
            "b/other.v": '`include "w.v"\nmodule other(input [`W:0] x); endmodule\n',
            "b/w.v": "`define W 7\n",
            "src/w.v": "`define W 1\n",
        },
    )
    design = load(tmp_path, DesignOptions(top="other"))
    assert [header.name for header in design.headers] == ["b/w.v"]
    assert elaborate(design).ports[0].width == 8


def test_headers_of_one_name_in_several_projects(tmp_path: Path) -> None:
    lay_out(
        tmp_path,
        {
            f"{project}/{name}": text
            for project, width in (("a", 1), ("b", 7), ("c", 3))
            for name, text in {
                f"rtl/{project}_top.v": f'`include "w.vh"\nmodule {project}_top(input [`W:0] x); endmodule\n',
                "inc/w.vh": f"`define W {width}\n",
            }.items()
        },
    )
    for top, width in (("a_top", 2), ("b_top", 8), ("c_top", 4)):
        assert elaborate(load(tmp_path, DesignOptions(top=top))).ports[0].width == width


def test_a_file_that_includes_another_source_brings_it(tmp_path: Path) -> None:
    lay_out(tmp_path, {"top.v": '`include "leaf.v"\n' + TOP, "leaf.v": LEAF})
    design = load(tmp_path)
    assert names(design) == ["leaf.v", "top.v"] or names(design) == ["top.v"]
    assert elaborate(design).top == "top"


def test_several_tops_are_listed(tmp_path: Path) -> None:
    lay_out(tmp_path, {f"{name}.v": LEAF.replace("leaf", name) for name in ("zebra", "ant", "cat")})
    with pytest.raises(AmbiguousTopError) as error:
        load(tmp_path)
    assert error.value.candidates == ("ant", "cat", "zebra")
    assert "ant, cat, zebra" in error.value.what
    assert "--top" in error.value.remedy
    design = load(tmp_path, DesignOptions(top="cat"))
    assert names(design) == ["cat.v"]
    assert design.notes == ("Left out, not needed by cat: ant.v, zebra.v.",)


def test_what_the_chosen_top_does_not_need_may_be_broken(tmp_path: Path) -> None:
    lay_out(
        tmp_path,
        {
            "top.v": TOP,
            "leaf.v": LEAF,
            "broken.v": "module broken(input a; assign = ;\n",
            "missing.v": '`include "gone.vh"\nmodule missing(input a); nothere u(a); endmodule\n',
            "binary.v": "\0\1\2",
        },
    )
    design = load(tmp_path, DesignOptions(top="top"))
    assert names(design) == ["leaf.v", "top.v"]
    assert any("binary.v is not a text file" in note for note in design.notes)


def test_testbenches_are_told_by_what_they_hold(tmp_path: Path) -> None:
    lay_out(
        tmp_path,
        {
            "patterns/test_pattern.v": "module test_pattern(input a, output b); leaf u(.a, .b); endmodule\n",
            "rtl/leaf.v": LEAF,
            "rtl/check.v": "module check; test_pattern dut(); initial begin #5 $finish; end endmodule\n",
            "rtl/driver.v": "module driver(output reg a);"
            " initial begin a = 0; #5 a = 1; $finish; end endmodule\n",
            "rtl/printer.v": "module printer(input a); initial forever @(a) $display(a); endmodule\n",
            "rtl/sim_top.v": "module sim_top(input clk, output q);"
            ' initial if ($test$plusargs("x")) ; endmodule\n',
            "rtl/prog.sv": "program prog(input a); initial $display(a); endprogram\n",
        },
    )
    design = load(tmp_path)
    assert design.top == "test_pattern"
    (note,) = design.notes
    assert note.startswith("Left out, as testbenches: ")
    for name in ("check.v", "driver.v", "printer.v", "sim_top.v", "prog.sv"):
        assert name in note


def test_a_design_may_look_a_little_like_a_testbench(tmp_path: Path) -> None:
    lay_out(
        tmp_path,
        {
            "memory_test.v": "module memory_test #(parameter W = 8)"
            "(input clk, input [W-1:0] d, output reg [W-1:0] q);\n"
            "initial begin q = 0; if (W > 64) begin $display(1); $finish; end end\n"
            "always @(posedge clk) q <= #1 d;\nendmodule\n",
        },
    )
    with pytest.raises(NoDesignError, match="memory_test"):
        load(tmp_path)
    assert load(tmp_path, DesignOptions(top="memory_test")).top == "memory_test"
    (tmp_path / "memory_test.v").rename(tmp_path / "memory.v")
    text = (tmp_path / "memory.v").read_text().replace("memory_test", "memory")
    (tmp_path / "memory.v").write_text(text)
    assert load(tmp_path).top == "memory"


def test_one_file_with_design_and_testbench(tmp_path: Path) -> None:
    lay_out(tmp_path, {"all.v": LEAF + TOP + TESTBENCH})
    design = load(tmp_path / "all.v")
    assert design.top == "top"
    assert names(design) == ["all.v"]


def test_checkers_cells_and_bound_modules_are_no_tops(tmp_path: Path) -> None:
    lay_out(
        tmp_path,
        {
            "top.sv": TOP + LEAF,
            "props.sv": "module props(input clk, a); assert property (@(posedge clk) a |=> !a); endmodule\n",
            "bound.sv": "module watcher(input a, output reg seen); always @* seen = a; endmodule\n"
            "bind top watcher u_watcher(.a(a), .seen());\n",
            "cells.v": "`celldefine\nmodule NAND2(input a, b, output y); nand (y, a, b);"
            " endmodule\n`endcelldefine\n",
            "formal.v": "`ifdef FORMAL\nmodule formal_top(input a); endmodule\n`endif\n",
        },
    )
    design = load(tmp_path)
    assert design.top == "top"
    notes = " ".join(design.notes)
    assert "formal or checker modules: props.sv" in notes
    assert "vendor cells: cells.v" in notes


def test_what_stands_beside_testbenches_is_no_top_unless_everything_does(tmp_path: Path) -> None:
    lay_out(
        tmp_path,
        {
            "rtl/top.v": TOP + LEAF,
            "tb/top_tb.v": TESTBENCH,
            "tb/harness.sv": "module harness(input a, output b); top u(.a, .b); endmodule\n",
            "Sim/models/bus_model.v": "module bus_model(input a, output b); assign b = a; endmodule\n",
        },
    )
    assert load(tmp_path).top == "top"
    assert load(tmp_path, DesignOptions(top="harness")).top == "harness"
    assert load(tmp_path / "Sim").top == "bus_model"


def test_the_largest_of_several_tops_is_named_first(tmp_path: Path) -> None:
    lay_out(tmp_path, {"ant.v": LEAF.replace("leaf", "ant"), "leaf.v": LEAF, "z.v": TOP})
    with pytest.raises(AmbiguousTopError) as error:
        load(tmp_path)
    assert error.value.candidates == ("top", "ant")
    assert error.value.remedy == "Choose one with --top. top has the most below it."


def test_a_module_without_inputs_gives_way(tmp_path: Path) -> None:
    lay_out(
        tmp_path,
        {
            "clkgen.sv": "module clkgen(output logic c); initial c = 0; always #1 c = ~c; endmodule\n",
            "old.v": "module ring(q); output q; reg q; always #2 q = ~q; endmodule\n",
        },
    )
    with pytest.raises(AmbiguousTopError) as error:
        load(tmp_path)
    assert error.value.candidates == ("clkgen", "ring")
    for driven in (
        "module one(a, q); input a; output q; assign q = a; endmodule\n",
        "module one(output q, inout a); assign q = a; endmodule\n",
        "interface bus; logic a; endinterface\nmodule one(output q, bus b); assign q = b.a; endmodule\n",
    ):
        lay_out(tmp_path, {"one.sv": driven})
        assert load(tmp_path).top == "one"


def test_a_cell_is_the_top_where_nothing_else_is(tmp_path: Path) -> None:
    cell = "`timescale 1ns/1ps `celldefine\nmodule BUF2(input a, output y); buf (y, a); endmodule\n"
    lay_out(
        tmp_path,
        {"cell.v": cell + "`endcelldefine\n", "rtl/top.v": TOP + LEAF},
    )
    assert load(tmp_path / "cell.v").top == "BUF2"
    assert load(tmp_path).top == "top"


def test_only_what_stands_between_the_marks_is_a_cell(tmp_path: Path) -> None:
    lay_out(
        tmp_path,
        {
            "all.v": "// `celldefine begins a cell\n"
            "`celldefine\nmodule NAND2(input a, b, output y); nand (y, a, b); endmodule\n`endcelldefine\n"
            + TOP
            + LEAF
            + "`celldefine module INV(input a, output y); not (y, a); endmodule `endcelldefine\n",
        },
    )
    assert load(tmp_path / "all.v").top == "top"


KEYWORDS = """module kw(input clk, input [3:0] bit, input do, output reg [3:0] final, input cell);
  always @(posedge clk) if (do) final <= bit;
endmodule"""


def test_verilog_may_use_the_keywords_of_systemverilog_as_names(tmp_path: Path) -> None:
    lay_out(tmp_path, {"rtl/kw.v": KEYWORDS, "rtl/leaf.sv": "module top(input logic a); kw u(); endmodule\n"})
    design = load(tmp_path)
    assert "Read as Verilog-2001, for names that are keywords of SystemVerilog: rtl/kw.v." in design.notes
    found = elaborate(load(tmp_path, DesignOptions(top="kw")))
    assert [port.name for port in found.ports] == ["clk", "bit", "do", "final", "cell"]
    assert [port.span.line for port in found.ports] == [1] * 5
    assert found.constants == ()
    source = next(source for source in design.sources if source.name == "rtl/kw.v")
    lines, given = source.text.splitlines(), KEYWORDS.splitlines()
    assert lines[0].endswith(given[0])
    assert lines[1 : len(given)] == given[1:]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("kw.sv", KEYWORDS),
        ("kw.v", KEYWORDS.replace("input do", "input logic do")),
        ("kw.v", KEYWORDS.replace("if (do)", "if (do")),
        ("kw.v", '`begin_keywords "1800-2017"\n' + KEYWORDS + "\n`end_keywords\n"),
    ],
)
def test_nothing_else_is_read_as_verilog(tmp_path: Path, name: str, text: str) -> None:
    lay_out(tmp_path, {name: text})
    with pytest.raises(ElaborationError, match=rf"{name}:[12]: expected"):
        load(tmp_path)


def test_borrowed_modules_are_used_but_never_the_top(tmp_path: Path) -> None:
    lay_out(
        tmp_path,
        {
            "rtl/top.v": TOP,
            "vendor/lib/leaf.v": LEAF,
            "third_party/more.v": "module more(input a); endmodule\n",
        },
    )
    design = load(tmp_path)
    assert names(design) == ["vendor/lib/leaf.v", "rtl/top.v"]


def test_a_wrapper_around_vendor_cells_gives_way(tmp_path: Path) -> None:
    lay_out(
        tmp_path,
        {
            "core.v": LEAF.replace("leaf", "core"),
            "board.v": "module board(input p, output q); wire c; pll u(p, c); endmodule\n",
            "pll.v": "module pll(input p, output c);"
            " SB_PLL40_CORE u(.REFERENCECLK(p), .PLLOUTCORE(c)); endmodule\n",
        },
    )
    assert load(tmp_path).top == "core"
    with pytest.raises(ElaborationError) as error:
        load(tmp_path, DesignOptions(top="board"))
    assert "SB_PLL40_CORE" in error.value.what
    assert "vendor" in error.value.remedy


def test_repeated_modules_are_chosen_near_their_user_and_noted(tmp_path: Path) -> None:
    lay_out(
        tmp_path,
        {
            "asic/leaf.v": LEAF,
            "fpga/leaf.v": LEAF,
            "fpga/top.v": TOP,
        },
    )
    design = load(tmp_path)
    assert names(design) == ["fpga/leaf.v", "fpga/top.v"]
    assert "Declared in fpga and in asic; those in fpga were taken: leaf." in design.notes
    lay_out(tmp_path, {"fpga/old_leaf.v": LEAF})
    notes = load(tmp_path).notes
    assert "Declared in fpga and in asic; those in fpga were taken: leaf." in notes


def test_repeated_modules_in_one_folder(tmp_path: Path) -> None:
    lay_out(tmp_path, {"a_leaf.v": LEAF, "b_leaf.v": LEAF, "top.v": TOP})
    design = load(tmp_path)
    assert names(design) == ["a_leaf.v", "top.v"]
    assert "Declared in several files; those in a_leaf.v were taken: leaf." in design.notes


def test_a_folder_with_more_files_than_anybody_s_rtl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf, "MOST_FILES", 3)
    lay_out(tmp_path, {f"{name}.v": LEAF for name in "abcd"})
    with pytest.raises(DesignError, match="holds more than"):
        load(tmp_path)


def test_a_module_that_instantiates_itself_can_be_the_top(tmp_path: Path) -> None:
    lay_out(
        tmp_path,
        {
            "tree.sv": "module tree #(parameter N = 4)(input a, output b);\n"
            "if (N > 1) begin : g tree #(N / 2) u(.a, .b); end else assign b = a;\nendmodule\n"
        },
    )
    design = load(tmp_path)
    assert len(elaborate(design).hierarchy.children) == 1


def test_nothing_to_verify(tmp_path: Path) -> None:
    with pytest.raises(NoDesignError, match=r"holds no \.sv or \.v file"):
        load(tmp_path)
    lay_out(tmp_path, {"types.sv": "package p; endpackage\n"})
    with pytest.raises(NoDesignError, match="declares no module"):
        load(tmp_path)
    lay_out(tmp_path, {"tb.sv": "module tb; initial #5 $finish; endmodule\n"})
    with pytest.raises(NoDesignError, match=r"testbenches.*tb"):
        load(tmp_path)
    with pytest.raises(NoDesignError, match="not there"):
        load(tmp_path / "gone")
    lay_out(tmp_path, {"notes.txt": ""})
    with pytest.raises(NoDesignError, match="is no design"):
        load(tmp_path / "notes.txt")


def test_rtl_of_which_nothing_can_be_read(tmp_path: Path) -> None:
    lay_out(tmp_path, {"x.v": "modul top(input a); endmodul\n"})
    with pytest.raises(ElaborationError, match=r"x\.v:1"):
        load(tmp_path)


def test_an_unknown_top_names_near_ones(tmp_path: Path) -> None:
    lay_out(tmp_path, {"a.v": LEAF, "b.v": TOP})
    with pytest.raises(NoDesignError) as error:
        load(tmp_path, DesignOptions(top="laef"))
    assert "'laef'" in error.value.what
    assert "leaf" in error.value.remedy


def test_missing_include_and_module_of_the_top(tmp_path: Path) -> None:
    lay_out(tmp_path, {"rtl/top.v": '\n`include "gone.vh"\n' + TOP})
    with pytest.raises(ElaborationError, match=r"rtl/top\.v:2: 'gone\.vh'"):
        load(tmp_path)
    lay_out(tmp_path, {"rtl/top.v": TOP})
    with pytest.raises(ElaborationError, match=r"rtl/top\.v:1: unknown module 'leaf'"):
        load(tmp_path)


def test_memory_images(tmp_path: Path) -> None:
    lay_out(
        tmp_path,
        {
            "rtl/rom.v": 'module rom #(parameter F = "code.hex")(input a, output reg [7:0] q);\n'
            "reg [7:0] m [0:1]; reg [7:0] n [0:1]; reg [7:0] o [0:1];\n"
            'initial begin $readmemh(F, m); $readmemb("rtl/bits.mem", n); $readmemh("gone.hex", o); end\n'
            "always @* q = m[a]; endmodule\n",
            "software/code.hex": "01\n02\n",
            "rtl/bits.mem": "1\n0\n",
        },
    )
    design = load(tmp_path)
    assert {file.name: file.text for file in design.data} == {
        "code.hex": "01\n02\n",
        "rtl/bits.mem": "1\n0\n",
    }
    assert "The RTL reads gone.hex, which cannot be read here." in design.notes
    assert load(tmp_path, DesignOptions(parameters={"F": '"other.hex"'})).data[0].name == "rtl/bits.mem"


def test_encodings_and_line_ends_are_kept(tmp_path: Path) -> None:
    (tmp_path / "a.v").write_bytes(b"// caf\xe9\r\n" + LEAF.encode())
    (tmp_path / "b.v").write_bytes(b"\xef\xbb\xbf// caf\xc3\xa9\n" + TOP.encode())
    design = load(tmp_path)
    assert [source.text.splitlines(keepends=True)[0] for source in design.sources] == [
        "// café\r\n",
        "// café\n",
    ]
    (tmp_path / "b.v").write_bytes(TOP.encode("utf-16"))
    assert load(tmp_path).top == "top"


def test_files_that_are_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "MOST_BYTES", 1000)
    lay_out(tmp_path, {"leaf.v": LEAF, "huge.v": "// " + "x" * 2000})
    assert any("huge.v" in note for note in load(tmp_path).notes)
    with pytest.raises(DesignError, match=r"huge\.v is larger"):
        load(tmp_path / "huge.v")


def test_options_win_over_the_project_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay_out(
        tmp_path / "repo",
        {
            "rtl/a.v": '`include "w.vh"\nmodule a #(parameter P = 1)(input [`W+P:0] x); endmodule\n',
            "rtl/b.v": LEAF.replace("leaf", "b"),
            "old/a.v": "module a(; endmodule\n",
            "one/w.vh": "`define W 1\n",
            "two/w.vh": "`define W 2\n",
            "doc/a.md": "about a",
            "doc/b.md": "about b",
            "llm4cov.toml": """
            [design]
            rtl = ["rtl/*.v"]
            include_dirs = ["one"]
            defines = {UNUSED = 1}
            top = "a"
            instance = "u_a"
            specs = ["doc/a.*"]
            parameters = {P = 3}
            [coverage]
            target = 90
            """,
        },
    )
    design = load(tmp_path / "repo")
    assert (design.top, design.instance, design.include_dirs) == ("a", "u_a", ("one",))
    assert design.targets == (Target(90),)
    assert [(spec.name, spec.text) for spec in design.specs] == [("doc/a.md", "about a")]
    assert elaborate(design).ports[0].width == 5
    monkeypatch.chdir(tmp_path)
    design = load(
        "repo/llm4cov.toml",
        DesignOptions(
            instance="mine",
            include_dirs=(Path("repo/two"),),
            defines=("MORE", "UNUSED=2"),
            specs=(Path("repo/doc/b.md"),),
            parameters={"P": "4"},
        ),
    )
    assert (design.instance, design.include_dirs) == ("mine", ("two", "one"))
    assert design.defines == {"UNUSED": "2", "MORE": ""}
    assert [spec.text for spec in design.specs] == ["about b"]
    assert elaborate(design).ports[0].width == 7
    assert load("repo", DesignOptions(top="b")).top == "b"


def test_rtl_patterns_and_exclusions(tmp_path: Path) -> None:
    lay_out(
        tmp_path,
        {
            "rtl/leaf.v": LEAF,
            "rtl/sub/top.v": TOP,
            "rtl/sub/old/top2.v": TOP.replace("top", "top2"),
            "else/where.v": "module where(input a); endmodule\n",
            "llm4cov.toml": '[design]\nrtl = ["rtl"]\nexclude = ["**/old/*"]\n',
        },
    )
    assert names(load(tmp_path)) == ["rtl/leaf.v", "rtl/sub/top.v"]
    (tmp_path / "llm4cov.toml").write_text('[design]\nrtl = ["src/*.v"]\n')
    with pytest.raises(NoDesignError, match=r"src/\*\.v"):
        load(tmp_path)


def test_rtl_above_the_project_file(tmp_path: Path) -> None:
    lay_out(
        tmp_path,
        {
            "chip/rtl/top.v": TOP,
            "chip/rtl/leaf.v": LEAF,
            "chip/verification/llm4cov.toml": '[design]\nrtl = ["../rtl/*.v"]\ninclude_dirs = [".."]\n',
        },
    )
    design = load(tmp_path / "chip" / "verification")
    assert design.root == tmp_path / "chip"
    assert names(design) == ["rtl/leaf.v", "rtl/top.v"]
    assert design.include_dirs == (".",)


def test_a_single_file_and_what_lies_beside_it(tmp_path: Path) -> None:
    lay_out(
        tmp_path,
        {
            "rtl/top.sv": '`include "../inc/w.svh"\nmodule top import top_pkg::*; (input t a, output b);'
            " leaf u(.a(a[0]), .b); endmodule\n",
            "rtl/top_pkg.sv": '`include "../inc/w.svh"\n'
            "package top_pkg; typedef logic [`W:0] t; endpackage\n",
            "rtl/leaf.v": LEAF,
            "rtl/other.sv": "module other(input a); endmodule\n",
            "inc/w.svh": "`define W 3\n",
            "rtl/llm4cov.toml": '[design]\ntop = "chip"\nparameters = {X = 1}\n',
        },
    )
    design = load(tmp_path / "rtl" / "top.sv")
    assert (design.id, design.top, design.root) == ("top", "top", tmp_path)
    assert names(design) == ["rtl/top_pkg.sv", "rtl/leaf.v", "rtl/top.sv"]
    assert [header.name for header in design.headers] == ["inc/w.svh"]


def test_names_are_plain(tmp_path: Path) -> None:
    lay_out(tmp_path, {"a/b/../c.v": LEAF})
    design = load(f"{tmp_path}/a/b/../")
    assert names(design) == ["c.v"]


def test_options_that_cannot_be_used(tmp_path: Path) -> None:
    lay_out(tmp_path, {"leaf.v": LEAF})
    with pytest.raises(SettingsError, match="does not define a macro"):
        load(tmp_path, DesignOptions(defines=("1X",)))
    with pytest.raises(DesignError, match=r"include folder .*gone is not there"):
        load(tmp_path, DesignOptions(include_dirs=(tmp_path / "gone",)))
    with pytest.raises(ElaborationError, match="no parameter 'X'"):
        load(tmp_path, DesignOptions(parameters={"X": "1"}))


def test_the_same_folder_gives_the_same_design(tmp_path: Path) -> None:
    lay_out(tmp_path, {"rtl/top.v": TOP, "rtl/leaf.v": LEAF})
    assert load(tmp_path).digest == load(str(tmp_path) + "/").digest


def test_a_folder_of_vhdl_says_so(tmp_path: Path) -> None:
    lay_out(tmp_path, {"rtl/x.VHD": "entity x is end;\n"})
    with pytest.raises(NoDesignError, match=r"holds no .* only VHDL, which Verilator does not read"):
        load(tmp_path)
