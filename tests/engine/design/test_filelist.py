from __future__ import annotations

import string
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm4cov_engine.design.filelist import arguments, read_filelist
from llm4cov_engine.design.loading import load
from llm4cov_engine.errors import DesignError, NoDesignError, StorageError
from tests.engine.design.folders import LEAF, TESTBENCH, TOP, lay_out, names

if TYPE_CHECKING:
    from pathlib import Path


def relative(paths: list[Path], root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in paths]


def test_every_kind_of_entry(tmp_path: Path) -> None:
    lay_out(
        tmp_path,
        {
            "project.f": """
            // a comment
            # another
            /* one
               of three
               lines */
            +incdir+inc+more/inc
            -I third -Ifourth
            +define+A+B=2+C="x" -D D=4 -DE
            -y lib +libext+.v+.vlib -v cells.v
            -GWIDTH=9 --top-module chip
            rtl/a.v   rtl/b.sv "rtl/with space.v"
            -timescale 1ns/1ps -sverilog main.cpp +acc+1
            """,
            "rtl/a.v": "",
            "rtl/b.sv": "",
            "rtl/with space.v": "",
        },
    )
    found = read_filelist(tmp_path / "project.f", {})
    assert relative(found.sources, tmp_path) == ["rtl/a.v", "rtl/b.sv", "rtl/with space.v"]
    assert relative(found.include_dirs, tmp_path) == ["inc", "more/inc", "third", "fourth"]
    assert found.defines == {"A": "", "B": "2", "C": "x", "D": "4", "E": ""}
    assert relative(found.library_dirs, tmp_path) == ["lib"]
    assert relative(found.library_files, tmp_path) == ["cells.v"]
    assert found.library_extensions == [".v", ".vlib"]
    assert found.parameters == {"WIDTH": "9"}
    assert found.top == "chip"
    assert found.ignored == ["-timescale", "-sverilog", "main.cpp", "+acc"]


def test_nested_lists_keep_or_change_the_base(tmp_path: Path) -> None:
    lay_out(
        tmp_path,
        {
            "all.f": "-f sub/same.f\n-F sub/own.f\ntop.v\n",
            "sub/same.f": "sub/a.v\n",
            "sub/own.f": "b.v\n-F deeper/list.f\n",
            "sub/deeper/list.f": "../c.v\n",
            **dict.fromkeys(("top.v", "sub/a.v", "sub/b.v", "sub/c.v"), ""),
        },
    )
    found = read_filelist(tmp_path / "all.f", {})
    assert relative(found.sources, tmp_path) == ["sub/a.v", "sub/b.v", "sub/c.v", "top.v"]


def test_paths_relative_to_a_folder_above_the_list(tmp_path: Path) -> None:
    lay_out(
        tmp_path,
        {
            "scripts/files.f": "rtl/a.v\n-f scripts/more.f",
            "scripts/more.f": "rtl/b.v\n",
            "rtl/a.v": "",
            "rtl/b.v": "",
        },
    )
    found = read_filelist(tmp_path / "scripts" / "files.f", {})
    assert relative(found.sources, tmp_path) == ["rtl/a.v", "rtl/b.v"]


def test_environment_variables(tmp_path: Path) -> None:
    lay_out(tmp_path, {"x.f": "$A/a.v ${B}/b.v $(C)/c.v\n", "a.v": "", "b.v": "", "c.v": ""})
    found = read_filelist(tmp_path / "x.f", {"A": str(tmp_path), "B": ".", "C": str(tmp_path)})
    assert relative(found.sources, tmp_path) == ["a.v", "b.v", "c.v"]
    with pytest.raises(DesignError, match=r"x\.f:1: the environment variable A is not set"):
        read_filelist(tmp_path / "x.f", {})


def test_lists_that_name_each_other_end(tmp_path: Path) -> None:
    lay_out(tmp_path, {"one.f": "-f two.f", "two.f": "-f one.f"})
    with pytest.raises(DesignError, match="read by itself"):
        read_filelist(tmp_path / "one.f", {})


def test_what_is_missing(tmp_path: Path) -> None:
    lay_out(tmp_path, {"x.f": "a.v\n-f", "y.f": "-f gone.f", "z.f": "gone.v", "empty.f": "// nothing\n"})
    with pytest.raises(DesignError, match=r"x\.f:2: -f lacks its value"):
        read_filelist(tmp_path / "x.f", {})
    with pytest.raises(StorageError, match=r"gone\.f"):
        read_filelist(tmp_path / "y.f", {})
    with pytest.raises(NoDesignError, match=r"gone\.v, which is not there"):
        load(tmp_path / "z.f")
    with pytest.raises(NoDesignError, match="names no RTL file"):
        load(tmp_path / "empty.f")


WORD = st.text(string.ascii_letters + string.digits + "_./+-=", min_size=1).filter(
    lambda word: not word.startswith(("//", "#", "/*"))
)
SPACE = st.sampled_from([" ", "\n", "\t", "  \n", " // comment\n", " # comment 'x\n", " /* a\nb */ "])


@given(st.lists(st.tuples(WORD, SPACE)))
def test_words_between_spaces_and_comments(parts: list[tuple[str, str]]) -> None:
    text = "".join(word + space for word, space in parts)
    found = arguments(text)
    assert [word for word, _ in found] == [word for word, _ in parts]
    line, lines = 1, []
    for word, space in parts:
        lines.append(line)
        line += (word + space).count("\n")
    assert [number for _, number in found] == lines


@given(st.text())
def test_any_text_is_split(text: str) -> None:
    assert all(word and line >= 1 for word, line in arguments(text))


def test_a_filelist_as_a_design(tmp_path: Path) -> None:
    root = lay_out(
        tmp_path / "repo",
        {
            "sim/files.f": "+incdir+../inc\n../rtl/top.v\n-y ../lib\n../rtl/helper.v\n../tb/top_tb.v\n",
            "inc/w.vh": "`define W 1\n",
            "rtl/top.v": '`include "w.vh"\n' + TOP,
            "rtl/helper.v": "module helper(input a); endmodule\n",
            "lib/leaf.v": LEAF,
            "tb/top_tb.v": TESTBENCH,
            "sim/llm4cov.toml": '[design]\ntop = "top"\n',
        },
    )
    design = load(root / "sim" / "files.f")
    assert design.id == "files"
    assert design.root == root
    assert names(design) == ["rtl/top.v", "rtl/helper.v", "lib/leaf.v"]
    assert design.include_dirs == ("inc",)
    assert [header.name for header in design.headers] == ["inc/w.vh"]
    assert any("tb/top_tb.v" in note and "testbench" in note for note in design.notes)


@pytest.mark.parametrize("name", ["core.flist", "core.vc", "files.lst", "Flist.core", "flist.verilator"])
def test_filelists_under_their_other_names(tmp_path: Path, name: str) -> None:
    root = lay_out(tmp_path, {name: "top.v leaf.v\n", "top.v": TOP, "leaf.v": LEAF})
    assert load(root / name).top == "top"


def test_listed_files_stay_unless_they_break(tmp_path: Path) -> None:
    lay_out(
        tmp_path,
        {
            "x.f": "top.v leaf.v broken.v\n",
            "top.v": TOP,
            "leaf.v": LEAF,
            "broken.v": "module broken(input a); gone u(a);\n assign = ;",
        },
    )
    (tmp_path / "llm4cov.toml").write_text('[design]\ntop = "top"\n')
    design = load(tmp_path / "x.f")
    assert set(names(design)) == {"top.v", "leaf.v"}
    assert any("broken.v" in note for note in design.notes)


def test_library_file_only_gives_what_is_missing(tmp_path: Path) -> None:
    lay_out(
        tmp_path,
        {
            "x.f": "top.v\n-v cells.v\n",
            "top.v": TOP,
            "cells.v": LEAF + "module unused(input a); endmodule\n",
        },
    )
    design = load(tmp_path / "x.f")
    assert (design.top, names(design)) == ("top", ["top.v", "cells.v"])


def test_folders_that_are_not_there_are_noted(tmp_path: Path) -> None:
    lay_out(tmp_path, {"x.f": "+incdir+gone\n-sverilog\nleaf.v\n", "leaf.v": LEAF})
    notes = load(tmp_path / "x.f").notes
    assert any("folder gone" in note for note in notes)
    assert any("-sverilog" in note for note in notes)
