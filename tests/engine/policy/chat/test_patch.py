"""Search-and-replace blocks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm4cov_engine.policy.chat.patch import Hunk, apply, hunks

TEXT = """module tb;
  logic clk = 0;
  always #5 clk = ~clk;
  initial begin
    #10;
    $finish;
  end
endmodule
"""


def block(search: str, replace: str) -> str:
    return f"<<<<<<< SEARCH\n{search}=======\n{replace}>>>>>>> REPLACE\n"


def patched(*pairs: tuple[str, str]) -> str:
    result = apply(TEXT, hunks("Do this:\n\n" + "\n".join(block(*pair) for pair in pairs)))
    assert not result.failed
    assert result.applied == len(pairs)
    return result.text


def test_replaces_inserts_and_removes() -> None:
    assert patched(("    #10;\n", "    #20;\n")) == TEXT.replace("#10", "#20")
    assert patched(("    #10;\n", "    #10;\n    #11;\n")) == TEXT.replace("#10;", "#10;\n    #11;")
    assert patched(("    #10;\n", "")) == TEXT.replace("    #10;\n", "")


def test_changes_build_on_one_another() -> None:
    assert patched(("    #10;\n", "    #20;\n"), ("    #20;\n", "    #30;\n")) == TEXT.replace("#10", "#30")


def test_blanks_need_not_be_the_same_and_indentation_follows() -> None:
    assert patched(("initial   begin\n#10 ;\n", "initial begin\n  #11;\n\nif (1)\n")) == TEXT.replace(
        "  initial begin\n    #10;\n", "  initial begin\n    #11;\n\n  if (1)\n"
    )
    assert patched(("\tlogic clk=0;\n", "\tlogic clk = 1;\n")) == TEXT.replace("clk = 0", "clk = 1")


@pytest.mark.parametrize(
    ("search", "reason"),
    [
        ("  missing;\n", 'Block 1: what begins with "missing;" is not in the testbench.'),
        ("", "Block 1 has no lines to search for."),
        ("\n \n", "Block 1 has no lines to search for."),
        ("#10", 'Block 1: what begins with "#10=======" is not in the testbench.'),
    ],
)
def test_says_what_failed(search: str, reason: str) -> None:
    if search == "#10":
        assert hunks(block(search, "x\n")) == ()
        return
    result = apply(TEXT, hunks(block(search, "x\n")))
    assert (result.text, result.applied, result.failed) == (TEXT, 0, (reason,))


def test_what_occurs_twice_is_not_guessed_at() -> None:
    result = apply("a;\nb;\na;\n", (Hunk("a;\n", "c;\n"),))
    assert result.failed == ('Block 1: what begins with "a;" occurs 2 times.',)
    assert apply("a;\nb;\na;\n", (Hunk("b;\na;\n", "c;\n"),)).text == "a;\nc;\n"


def test_one_block_of_many_may_fail() -> None:
    result = apply(TEXT, (Hunk("nowhere", "x"), Hunk("    #10;\n", "    #9;\n")))
    assert result.applied == 1
    assert result.text == TEXT.replace("#10", "#9")


@pytest.mark.parametrize("fence", ["", "```\n", "```systemverilog\n"])
def test_blocks_may_be_fenced_and_marks_longer(fence: str) -> None:
    end = "```\n" if fence else ""
    reply = f"Sure.\n{fence}<<<<<<<<< SEARCH\na\n=========\nb\n>>>>>>>>> REPLACE\n{end}"
    assert hunks(reply) == (Hunk("a\n", "b\n"),)


def test_a_block_that_was_cut_is_none() -> None:
    assert hunks("<<<<<<< SEARCH\na\n=======\nb\n") == ()
    assert hunks("no blocks here: a <= b; // =======") == ()


LINES = st.lists(st.sampled_from(["a;", "  b;", "", "c = d;", "    end"]), min_size=1, max_size=8)


@given(LINES, st.data())
def test_replacing_lines_by_themselves_changes_nothing(lines: list[str], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(lines) - 1))
    end = data.draw(st.integers(start + 1, len(lines)))
    wanted = "\n".join(lines[start:end]) + "\n"
    text = "\n".join(lines) + "\n"
    result = apply(text, (Hunk(wanted, wanted),))
    assert result.text == text
