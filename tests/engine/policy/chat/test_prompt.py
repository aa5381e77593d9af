"""Prompts, word by word, and how they shrink."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from inline_snapshot import snapshot

from llm4cov_engine.coverage.target import Target
from llm4cov_engine.design.design import Design, SourceFile
from llm4cov_engine.design.loading import load
from llm4cov_engine.elaboration.records import Problem, Severity, Span
from llm4cov_engine.errors import PolicyError
from llm4cov_engine.policy.chat.completion import estimate, estimate_messages
from llm4cov_engine.policy.chat.detail import fullest, steps
from llm4cov_engine.policy.chat.options import ChatOptions, Edit
from llm4cov_engine.policy.chat.prompt import PromptWriter, without_places
from llm4cov_engine.policy.chat.sources import by_importance, without_comments
from llm4cov_engine.policy.chat.templates import PACKAGED, Templates
from llm4cov_engine.simulator.feedback import Feedback, Status
from llm4cov_engine.state import State
from llm4cov_engine.testbench import Testbench
from tests.corpus import BENCHMARK_SAMPLE, DEV_DESIGNS, need, row_ids
from tests.engine.policy.chat.designs import BROKEN, DESIGN, ENDLESS, IDLE, bench, simulated

if TYPE_CHECKING:
    from pathlib import Path

PLENTY = 100_000
CORPUS = [(path, name) for path in (DEV_DESIGNS, BENCHMARK_SAMPLE) for name in row_ids(path)]


def messages(state: State, room: int = PLENTY, **changes: Any) -> list[tuple[str, str]]:
    prompt = PromptWriter(replace(ChatOptions(), **changes)).memoryless(state, room)
    assert prompt.tokens == estimate_messages(prompt.messages)
    assert prompt.fits == (prompt.tokens <= room)
    return list(prompt.messages)


def came_of(state: State, **changes: Any) -> str:
    sent = messages(state, **changes)
    assert [role for role, _ in sent] == ["system", "user", "assistant", "user"]
    return sent[-1][1]


def test_the_first_prompt() -> None:
    system, task = messages(State(DESIGN), rules=False)
    assert system == snapshot(
        (
            "system",
            """\
You are a verification engineer who closes coverage. You are given a hardware design and write a
SystemVerilog testbench for it. The testbench is compiled and run by Verilator, which counts line,
branch, expression, toggle and state machine coverage of the design. Your only aim is that as many
of these points as possible are hit. You need not check what the design answers.\
""",
        )
    )
    assert task == snapshot(
        (
            "user",
            """\
# Task

Write a testbench for the module `lock`.

- Instantiate it once, under the instance name `dut`, at the top level of your testbench
  module.
- Coverage is counted in `dut` and everything below it; your testbench's own lines do not
  count.
- To be reached: 100 % score.

## What the user asks for

Cover the lock.

Where this and the form of the answer below differ, the form below holds.

## Ports of `lock`

- `input logic clk`: clock (posedge)
- `input logic rst_n`: reset, active low, asynchronous
- `input logic[7:0] key`
- `output logic open`

## Documents

### doc/lock.md

The lock opens with a key and closes with zero.

## RTL

### rtl/lock.sv

```systemverilog
module lock (
  input  logic       clk,
  input  logic       rst_n,
  input  logic [7:0] key,
  output logic       open
);
  always_ff @(posedge clk or negedge rst_n) begin
    if (!rst_n) open <= 1'b0;
    else if (key == 8'hA5) open <= 1'b1;
    else if (key == 8'h00) open <= 1'b0;
  end
endmodule
```

# Form of the answer

One complete SystemVerilog file in one fenced block that begins with ```systemverilog, and nothing
of it outside the block. It must be all there: no "...", no "rest as before". It declares one
top-level module without ports, which drives every input of `dut`. It neither repeats nor
includes the design's own modules, packages and interfaces: they are compiled with it. It ends by
itself with `$finish`.\
""",
        )
    )


def test_the_rules() -> None:
    rules = Templates().render("rules")
    assert rules == snapshot("""\
# Rules of the language and of this simulator

Declarations
- Declare variables at the head of a module, task, function or named block, before the first
  statement. A variable declared with a value inside a task, function or `initial` block of a module
  is static: write `automatic`, or assign in a statement of its own.
- Signals that drive inputs of the design are `logic` variables; outputs of the design go to `logic`
  or `wire` signals that nothing else drives. An `inout` port needs a `wire` with a tri-state
  `assign`.
- Every signal has the width of its port. Write sized literals (`8'hff`, `'0`), and put a blank
  between a literal and a `?` that follows it.
- Every name is declared before it is used, and is no keyword (`bit`, `byte`, `edge`, `input`,
  `priority`, `rand`, `ref`, `table`, `unique`, `weak` and the like).
- Enumerations are assigned by their names or by a cast; types and constants of a package are named
  with `pkg::` or imported.

Procedures
- Connect ports by name. Every input is driven from time 0 on; only one process drives a signal.
- A task that waits, or that drives module signals, is a `task`, never a `function`. Mark it
  `automatic` where several processes may run it.
- Drive inputs away from the edge on which the design samples them: after `@(negedge clk)`, or with
  `<=` after `@(posedge clk)`.
- A clock is a process of its own: `initial clk = 0; always #5 clk = ~clk;`. Assert reset first, for
  several cycles, with the polarity that the RTL uses.
- Every `wait`, `while`, `repeat until` and `forever` in the stimulus has a bound: a counter of
  cycles after which it goes on. Many short scenarios are better than one long one, but a counter or
  timer of the design may need its time.
- `$finish` is called at the end of the stimulus. Without it the run never ends and nothing is
  counted.
- Do not call `$stop`, `$error` or `$fatal`, and write no assertion that may fail: they end the run.
  `$display` little.

What this simulator lacks
- Covergroups are parsed and ignored: `get_coverage()` is always 0. Never loop until it rises.
- `randomize()` with constraints, and `std::randomize`, need a solver that is not there: they return
  0 and change nothing. Use `$urandom`, `$urandom_range` and `case`.
- It knows 0 and 1 only: a comparison with `x` or `z` is never true, so nothing in the design that
  waits for one can be hit.
- `$random` and `$urandom` give the same values in every run.
- No files are there to be read, and none may be written. No `include`, no DPI, no `$system`.
- Do not `force` signals inside the design, and do not write to them by hierarchical names: only its
  ports are yours.

Coverage
- Toggle coverage wants every bit to rise and to fall: drive all-zeros, all-ones and alternating
  patterns on data and address inputs, not only small numbers.
- Values that the RTL compares with are worth driving exactly, and so are their neighbours.
- Reset once more in the middle of activity. Try every mode, opcode and address, back-to-back and
  with pauses, full and empty, with errors and with illegal values.\
""")
    assert rules in messages(State(DESIGN))[1][1]
    later = State(DESIGN, Testbench("tb.sv", IDLE), Feedback(Status.TIMED_OUT))
    assert rules not in str(messages(later))
    assert rules in messages(later, rules=True)[1][1]


async def test_after_success() -> None:
    assert came_of(await simulated(IDLE)) == snapshot("""\
# What came of it

The testbench runs. Coverage of `dut` and below: score 57.6 % (the mean of the
percentages below), 8 of 29 points.

- line: 66.7 % (2 of 3)
- branch: 50.0 % (1 of 2)
- expression: 100.0 % (2 of 2)
- toggle: 13.6 % (3 of 22)
- target: 100 % score, not met (57.6 %)

## Not covered yet, most useful first

- dut (rtl/lock.sv:9): condition never true
    if (key == 8'hA5) open <= 1'b1;
- dut (rtl/lock.sv:10): condition never false
    if (key == 8'h00) open <= 1'b0;
- dut (rtl/lock.sv:4): key[7:0] never 0->1 nor 1->0
- dut (rtl/lock.sv:5): open never 0->1 nor 1->0
- dut (rtl/lock.sv:3): rst_n never 1->0

## Where most is missing

Lines marked with `!` never ran or never took one of their ways.

rtl/lock.sv:
```
     6 | );
     7 |   always_ff @(posedge clk or negedge rst_n) begin
     8 |     if (!rst_n) open <= 1'b0;
!    9 |     else if (key == 8'hA5) open <= 1'b1;
!   10 |     else if (key == 8'h00) open <= 1'b0;
    11 |   end
    12 | endmodule
```

# What to do

Work out for the first of these points which inputs, in which order, lead to them, and add stimulus
that does it. Keep what the testbench does already, since its coverage would be lost otherwise.

# Form of the answer

One complete SystemVerilog file in one fenced block that begins with ```systemverilog, and nothing
of it outside the block. It must be all there: no "...", no "rest as before". It declares one
top-level module without ports, which drives every input of `dut`. It neither repeats nor
includes the design's own modules, packages and interfaces: they are compiled with it. It ends by
itself with `$finish`.\
""")


async def test_after_success_when_patches_are_wanted() -> None:
    said = came_of(await simulated(IDLE), edit=Edit.PATCH)
    assert said[said.index("# Form of the answer") :] == snapshot("""\
# Form of the answer

Only the changes to the testbench, as one or more blocks of this form:

<<<<<<< SEARCH
lines of the present testbench, exactly as they are
=======
the lines that take their place
>>>>>>> REPLACE

- The lines to search for must be whole lines and occur exactly once: take in as many lines around
  the change as that needs, and no more.
- To insert, search for a line nearby and repeat it among the new ones.
- Blocks are applied from first to last.
- Where almost everything changes, answer with the complete file in one fenced block that begins
  with ```systemverilog instead.\
""")


async def test_after_a_syntax_error() -> None:
    assert came_of(await simulated(BROKEN)) == snapshot("""\
# What came of it

The testbench does not compile, so nothing is covered.

## First errors

```
lock_tb.sv:10:3: error: syntax error, unexpected initial, expecting ';'
     9 |
>   10 |   initial begin
    11 |     repeat (3) @(negedge clk);
```

# What to do

Find the cause, mend it, and look for the same mistake elsewhere in the testbench. Keep the rest of
the stimulus.

# Form of the answer

One complete SystemVerilog file in one fenced block that begins with ```systemverilog, and nothing
of it outside the block. It must be all there: no "...", no "rest as before". It declares one
top-level module without ports, which drives every input of `dut`. It neither repeats nor
includes the design's own modules, packages and interfaces: they are compiled with it. It ends by
itself with `$finish`.\
""")


def test_after_a_run_that_did_not_end() -> None:
    log = "booting\n" + "waiting\n" * 5000 + "still waiting"
    state = State(DESIGN, Testbench("tb.sv", ENDLESS), Feedback(Status.TIMED_OUT, log=log))
    assert came_of(state) == snapshot("""\
# What came of it

The run did not end and was stopped, so nothing counts. Something waits for an event that never
comes, loops without a bound, or `$finish` is never reached.

## Last words

```
booting
waiting  (repeated 5000 times)
still waiting
```

# What to do

Find the cause, mend it, and look for the same mistake elsewhere in the testbench. Keep the rest of
the stimulus.

# Form of the answer

One complete SystemVerilog file in one fenced block that begins with ```systemverilog, and nothing
of it outside the block. It must be all there: no "...", no "rest as before". It declares one
top-level module without ports, which drives every input of `dut`. It neither repeats nor
includes the design's own modules, packages and interfaces: they are compiled with it. It ends by
itself with `$finish`.\
""")


@pytest.mark.parametrize(
    ("stimulus", "words"),
    [
        ('$fatal(1, "boom");', "boom"),
        ("undeclared = 1;", "undeclared"),
    ],
)
async def test_failures_say_where_and_why(stimulus: str, words: str) -> None:
    assert words in came_of(await simulated(bench(stimulus)))


def test_every_status_has_its_words() -> None:
    said = {
        status: came_of(State(DESIGN, Testbench("tb.sv", IDLE), Feedback(status, log="the end")))
        for status in Status
        if status is not Status.SUCCESS
    }
    assert len({text.split("\n")[2] for text in said.values()}) == 5
    assert all("the end" in text for text in said.values())


def test_many_errors_are_counted_and_repeated_ones_are_not() -> None:
    problems = [
        Problem(Severity.ERROR, f"error {number % 12}", "", Span("tb.sv", 1, 1, 1, 2)) for number in range(24)
    ]
    warning = Problem(Severity.WARNING, "a warning", "", Span("tb.sv", 1, 1, 1, 2))
    feedback = Feedback(Status.COMPILE_FAILED, log="the same again", problems=(warning, *problems))
    said = came_of(State(DESIGN, Testbench("tb.sv", IDLE), feedback))
    assert "error 7" in said
    assert "error 8" not in said
    assert "and 4 more" in said
    assert "a warning" not in said
    assert "the same again" not in said


def test_a_state_without_a_testbench_is_told_as_the_first() -> None:
    nothing = State(DESIGN, None, Feedback(Status.SCREENED_OUT, log="no testbench"))
    assert messages(nothing) == messages(State(DESIGN))


def test_everything_that_is_known_of_a_design_is_told() -> None:
    design = replace(
        DESIGN,
        sources=(
            SourceFile("pkg.sv", "package p; typedef enum logic {A, B} e; endpackage\n"),
            SourceFile(
                "top.sv",
                "module top #(parameter int W = 2) (input clk, input p::e kind, input [W-1:0] x [0:1],"
                " inout z); endmodule\n",
            ),
        ),
        top="top",
        instance="uut",
        headers=(SourceFile("defs.svh", "`define X 1\n"),),
        defines={"FAST": "", "N": "3"},
        parameters={"W": "4"},
        targets=(Target(90.0, "branch", "u_ctrl"), Target(80.0, "points")),
    )
    task = messages(State(design), rules=False)[1][1]
    for words in (
        "the instance name `uut`",
        "`.W(4)`",
        "`FAST`, `N=3`",
        "90 % branch coverage of u_ctrl",
        "80 % ratio of all points",
        "- `input p::e kind`",
        "- `input logic[3:0] x [0:1]`",
        "- `inout logic z`",
        "### defs.svh",
        "### pkg.sv",
        "`define X 1",
        "The lock opens with a key",
        "Cover the lock.",
    ):
        assert words in task


def test_a_document_that_is_the_instruction_is_told_once() -> None:
    design = replace(DESIGN, specs=(SourceFile("prompt.md", "Cover the lock.\n"),))
    task = messages(State(design))[1][1]
    assert task.count("Cover the lock.") == 1


BIG = Design(
    id="big",
    sources=(
        SourceFile(
            "rtl/unused.sv", "module unused (input u);\n" + "  wire w; // dead\n" * 300 + "endmodule\n"
        ),
        SourceFile("rtl/leaf.sv", "module leaf (input l);\n" + "  wire w; // leaf\n" * 300 + "endmodule\n"),
        SourceFile(
            "rtl/top.sv",
            "module top (input clk, input x);\n  leaf u (.l(x));\n" + "  // why\n" * 600 + "endmodule\n",
        ),
    ),
    top="top",
    headers=(SourceFile("inc/big.svh", "// header\n" * 400),),
    specs=(SourceFile("doc/a.md", "first\n\n" * 1500), SourceFile("doc/b.md", "second\n\n" * 4000)),
)


def test_what_is_cut_goes_by_priority_and_is_said() -> None:
    lost: list[str] = []
    marks = {
        "second": "b.md",
        "why": "comments",
        "first": "a.md",
        "unused": "",
        "header": "header",
        "leaf": "",
    }
    for room in range(16_000, 300, -100):
        task = messages(State(BIG), room, rules=False)[1][1]
        lost += [mark for mark in marks if mark not in lost and mark not in task.partition("Left out")[0]]
        assert "- `input logic clk`: " not in task
        assert "- `input logic clk`" in task
        assert "# Form of the answer" in task
        if lost:
            assert "Left out above for lack of room: " in task
    assert lost == ["second", "why", "first", "header", "unused", "leaf"]


def test_bodies_go_before_headers() -> None:
    assert by_importance(BIG, None) == ("unused", "leaf")
    task = messages(State(BIG), 3_000, rules=False)[1][1]
    assert "module leaf (input l);" in task
    assert "lines of the body are left out here" in task
    assert "the bodies of the modules `unused`" in task


def test_details_only_ever_shrink() -> None:
    details = steps(modules=3, history=2)
    assert len(set(details)) == len(details)
    assert fullest(details, lambda _: True) == details[0]
    assert fullest(details, lambda _: False) == details[-1]
    assert fullest(details, lambda detail: details.index(detail) >= 4) == details[4]


def test_comments_go_and_strings_stay() -> None:
    text = 'a; // x\n/* y\n z */\n\n\nb = "// no"; /* in */ c;\n'
    assert without_comments(text) == 'a;\nb = "// no";   c;\n'


def test_tokens_are_estimated_upward() -> None:
    assert [estimate(text) for text in ("", "a", "a" * 7)] == [0, 1, 2]


@pytest.mark.parametrize(("path", "name"), CORPUS, ids=[name for _, name in CORPUS])
def test_prompts_of_real_designs_fit_or_say_they_do_not(path: Path, name: str) -> None:
    design = load(f"{need(path)}#{name}")
    writer = PromptWriter(ChatOptions())
    sizes = [writer.memoryless(State(design), room).tokens for room in (50_000, 6_000, 3_000)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[1] <= 6_000
    task = writer.memoryless(State(design), 50_000).messages[1][1]
    assert all(source.text.strip("\n") in task for source in design.sources)
    json.dumps(writer.memoryless(State(design), 3_000).messages)


def test_a_user_may_have_prompts_of_his_own(tmp_path: Path) -> None:
    (tmp_path / "system.j2").write_text("Du schreibst Testbenches für {{ 'alles' }}.")
    system, task = messages(State(DESIGN), prompts=tmp_path)
    assert system == ("system", "Du schreibst Testbenches für alles.")
    assert task == messages(State(DESIGN))[1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{{ unknown }}", "'unknown' is undefined"),
        ("line one\n{% if %}", "task.j2:2 is no template"),
        ("{{ top / 2 }}", "cannot be rendered"),
        ("{% include 'none.j2' %}", "none.j2"),
        ("\udcff", "cannot be rendered"),
    ],
)
def test_a_users_broken_prompt_is_his_to_mend(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "task.j2").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(PolicyError) as failed:
        messages(State(DESIGN), prompts=tmp_path)
    assert words in failed.value.what


def test_folders_of_this_machine_are_not_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/usr")
    design = replace(DESIGN, root=tmp_path)
    text = f"{tmp_path}/a.sv, {tmp_path}, /usr/lib in src/usr/x, /usrx and /usr."
    assert without_places(text, design) == "a.sv, ., lib in src/usr/x, /usrx and .."


def test_a_folder_of_prompts_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="is not there"):
        messages(State(DESIGN), prompts=tmp_path / "nowhere")


def test_the_packaged_prompts_are_package_data() -> None:
    assert {file.stem for file in PACKAGED.iterdir()} == {
        *("system", "task", "rules", "success", "failure", "no_testbench"),
        *("answer_file", "answer_patch", "repair", "continue"),
    }
