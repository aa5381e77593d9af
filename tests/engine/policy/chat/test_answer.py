"""From what a model says to a testbench."""

from __future__ import annotations

from dataclasses import replace

import pytest

from llm4cov_engine.design.design import SourceFile
from llm4cov_engine.policy.chat.answer import file_name, is_complete, joined, read_answer, without_design
from llm4cov_engine.testbench import Testbench
from tests.engine.policy.chat.designs import DESIGN, IDLE, LOCK

PACKAGE = "package lock_pkg;\n  localparam int N = 1;\nendpackage\n"
WITH_PACKAGE = replace(DESIGN, sources=(SourceFile("pkg.sv", PACKAGE), *DESIGN.sources))


@pytest.mark.parametrize(
    "text",
    [
        LOCK + IDLE,
        IDLE + LOCK,
        PACKAGE + IDLE + LOCK,
        f"// größer ⟂\n{PACKAGE}{LOCK}{IDLE}",
        LOCK.replace("\n", " // é\n") + IDLE,
    ],
)
def test_what_the_design_declares_is_removed(text: str) -> None:
    cleaned, removed = without_design(Testbench("tb.sv", text), WITH_PACKAGE)
    assert set(removed) == {"lock"} | ({"lock_pkg"} if "lock_pkg" in text else set())
    assert IDLE.strip() in cleaned.text
    assert "always_ff" not in cleaned.text
    assert "localparam" not in cleaned.text


def test_declarations_that_share_a_line_are_told_apart() -> None:
    text = "module lock(input x); endmodule module tb; lock dut(1'b0); endmodule\n"
    cleaned, removed = without_design(Testbench("tb.sv", text), DESIGN)
    assert (cleaned.text.strip(), removed) == ("module tb; lock dut(1'b0); endmodule", ["lock"])


@pytest.mark.parametrize("text", [LOCK, PACKAGE + LOCK, IDLE, "", "interface i; endinterface\n" + LOCK])
def test_nothing_is_removed_where_nothing_would_be_left(text: str) -> None:
    cleaned, removed = without_design(Testbench("tb.sv", text), WITH_PACKAGE)
    assert (cleaned.text, removed) == (text, [])


@pytest.mark.parametrize(
    ("reply", "name"),
    [
        ("```systemverilog\nx", "lock_tb.sv"),
        ("**verif/tb_lock.sv**\n```systemverilog\nx", "tb_lock.sv"),
        ("`tb_lock.v`:\n\n```\nx", "tb_lock.v"),
        ('```systemverilog title="a/b.sv"\nx', "b.sv"),
        ("```systemverilog:../../x.sv\nx", "x.sv"),
        ("rtl/lock.sv is fine.\n```\nx", "lock_tb.sv"),
        ("rtl/lock.sv\n```\nx\n```\ntb.sv\n```\ny\n```", "tb.sv"),
        ("tb.svh\n```\nx", "lock_tb.sv"),
        ("no code, but tb.sv", "lock_tb.sv"),
        ("-rf.sv\n```\nx", "rf.sv"),
    ],
)
def test_names(reply: str, name: str) -> None:
    assert file_name(reply, DESIGN) == name


@pytest.mark.parametrize(
    ("start", "rest", "whole"),
    [
        ("```\nmodule", " tb;\n```", "```\nmodule tb;\n```"),
        ("```\nmodule tb;\n", "```\nendmodule\n```", "```\nmodule tb;\nendmodule\n```"),
        ("a\n```\nend", "\n```\n", "a\n```\nend\n```\n"),
        ("```\n  assign x =", "  assign x = y;\n", "```\n  assign x = y;\n"),
        ("```\nassign xyz = a", "assign xyz = abc;\n", "```\nassign xyz = abc;\n"),
        ("```\na\n  e", "nd\n", "```\na\n  end\n"),
        ("one two three four five", "three four five six", "one two three four five six"),
        ("", "all", "all"),
        ("all", "", "all"),
    ],
)
def test_a_cut_reply_and_its_rest(start: str, rest: str, whole: str) -> None:
    assert joined(start, rest) == whole


def test_complete_is_what_ends_with_a_module() -> None:
    def complete(text: str, current: Testbench | None = None) -> bool:
        return is_complete(text, read_answer(text, DESIGN, current, patches=True))

    assert complete(IDLE)
    assert complete(IDLE + "\nand it works by")
    assert complete(IDLE.rstrip() + " : lock_tb // done\n")
    assert not complete(IDLE[:-12])
    assert not complete("nothing")
    whole = "<<<<<<< SEARCH\nendmodule\n=======\nendmodule : x\n>>>>>>> REPLACE\n"
    assert complete(whole, Testbench("t.sv", IDLE))
    assert not complete(f"{whole}\n<<<<<<< SEARCH\nmod", Testbench("t.sv", IDLE))


def test_a_patch_without_anything_to_patch_is_no_testbench() -> None:
    patch = "<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n"
    assert read_answer(patch, DESIGN, None, patches=True).testbench is None
    assert read_answer(patch, DESIGN, Testbench("t.sv", IDLE), patches=False).testbench is None


def test_a_patch_may_not_bring_the_design_in() -> None:
    patch = f"<<<<<<< SEARCH\nendmodule\n=======\nendmodule\n{LOCK}>>>>>>> REPLACE\n"
    answer = read_answer(patch, DESIGN, Testbench("t.sv", IDLE), patches=True)
    assert answer.testbench == Testbench("t.sv", IDLE)
    assert answer.notes[-1] == "Removed what the design declares itself: lock."
