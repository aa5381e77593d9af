"""Every way a simulator call can end, with the real tools."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest

from llm4cov_engine.coverage.point import Metric
from llm4cov_engine.design.design import Design, SourceFile
from llm4cov_engine.elaboration.records import Severity
from llm4cov_engine.events import Event, Stage, StageName
from llm4cov_engine.folders import cache_folder
from llm4cov_engine.permission import Permission
from llm4cov_engine.simulator.feedback import Feedback, Status
from llm4cov_engine.simulator.options import SimulatorOptions
from llm4cov_engine.simulator.verilator import Verilator
from llm4cov_engine.testbench import Testbench
from tests.engine.simulator.rtl import DESIGN, FSM_FAULT_DESIGN, GOOD, bench
from tests.processes import started_by

# Testbenches here end, crash and flee in native code too.
NATIVE = frozenset({Permission.FOREIGN, Permission.PROCESSES})
UNCACHED = SimulatorOptions(use_cache=False, allow=NATIVE)
SHORT = replace(UNCACHED, timeout=1.0)


async def simulate(tb: Testbench, design: Design = DESIGN, options: SimulatorOptions = UNCACHED) -> Feedback:
    return await Verilator(options).simulate(design, tb)


async def test_success() -> None:
    events: list[Event] = []
    feedback = await Verilator(UNCACHED).simulate(DESIGN, GOOD, events.append)
    assert feedback.status is Status.SUCCESS
    assert feedback.coverage is not None
    assert 0.5 < feedback.score < 1
    assert feedback.log == " 8\n- tb.sv:6: Verilog $finish\n"
    assert feedback.problems == ()
    assert feedback.notes == ()
    assert not feedback.cached
    assert feedback.simulator is not None
    assert feedback.simulator.name == "verilator"
    assert feedback.simulator.version.startswith("5.")
    assert feedback.seconds.total >= feedback.seconds.compile > 0
    stages = [event.name for event in events if isinstance(event, Stage)]
    assert list(dict.fromkeys(stages)) == [
        StageName.SCREENING,
        StageName.PREPARING,
        StageName.VERILATING,
        StageName.COMPILING,
        StageName.SIMULATING,
        StageName.READING,
    ]


async def test_instances_of_a_module_have_hits_of_their_own() -> None:
    coverage = (await simulate(GOOD)).coverage
    assert coverage is not None
    busy, idle = coverage.within("busy"), coverage.within("idle")
    assert busy.tally.total == idle.tally.total
    assert busy.tally.hit > idle.tally.hit > 0


async def test_the_same_inputs_give_the_same_answer() -> None:
    body = "initial begin #12 rst_n = 1; repeat (50) #10 en = $urandom; $display($urandom); $finish; end"
    first, second = await simulate(bench(body)), await simulate(bench(body))
    assert (first.coverage, first.log, first.notes) == (second.coverage, second.log, second.notes)
    other = await simulate(bench(body), options=replace(UNCACHED, seed=2))
    assert other.log != first.log
    assert other.seed == 2


async def test_only_the_chosen_metrics_are_measured() -> None:
    feedback = await simulate(GOOD, options=replace(UNCACHED, metrics=(Metric.TOGGLE,)))
    assert feedback.coverage is not None
    assert {metric for metric, tally in feedback.coverage.metrics.items() if tally.total} == {Metric.TOGGLE}


async def test_a_case_without_an_arm_for_its_value_ends_nothing() -> None:
    rtl = """\
module pick (input logic [3:0] s, output logic [1:0] y);
  always_comb begin
    y = 0;
    unique case (s) 1: y = 1; 2: y = 2; endcase
    unique if (s == 4) y = 3; else if (s == 5) y = 1;
    priority case (s) 8: y = 0; endcase
    case (s) // synopsys full_case parallel_case
      4'd9: y = 2;
    endcase
  end
endmodule
"""
    text = (
        "module tb; logic [3:0] s; pick dut (.s(s), .y()); initial begin #1 s = 15; #1 $finish; end endmodule"
    )
    design = Design("pick", (SourceFile("pick.sv", rtl),), "pick")
    feedback = await simulate(Testbench("tb.sv", text), design)
    assert feedback.status is Status.SUCCESS, feedback.log


async def test_a_testbench_without_the_dut_is_screened_out() -> None:
    feedback = await simulate(Testbench("tb.sv", "module tb; initial $finish; endmodule"))
    assert feedback.status is Status.SCREENED_OUT
    assert [problem.code for problem in feedback.problems] == ["NoDutInstance"]
    assert "counter" in feedback.log


async def test_verilator_refuses() -> None:
    feedback = await simulate(bench("initial begin nothing = 1; #1 $finish; end"))
    assert feedback.status is Status.COMPILE_FAILED
    assert feedback.coverage is None
    (problem,) = feedback.problems
    assert problem.severity is Severity.ERROR
    assert "nothing" in problem.message
    assert problem.span is not None
    assert (problem.span.file, problem.span.line, problem.span.column) == ("tb.sv", 6, 17)
    assert "nothing = 1" in feedback.log


async def test_an_error_code_is_kept() -> None:
    feedback = await simulate(
        Testbench("tb.sv", "module tb; counter dut (.bogus(1'b0)); initial $finish; endmodule\n")
    )
    assert feedback.status is Status.COMPILE_FAILED
    assert "PINNOTFOUND" in [problem.code for problem in feedback.problems]


async def test_a_syntax_error_is_the_compilers_to_report() -> None:
    feedback = await simulate(bench("initial begin"))
    assert feedback.status is Status.COMPILE_FAILED
    assert "syntax error" in feedback.log


async def test_the_cpp_compiler_refuses() -> None:
    feedback = await simulate(bench('initial begin $c("no_such_function();"); $finish; end'))
    assert feedback.status is Status.COMPILE_FAILED
    assert any(problem.code == "C++" for problem in feedback.problems)
    assert "no_such_function" in feedback.log


@pytest.mark.parametrize(
    "ending",
    [
        "$stop;",
        '$error("wrong");',
        '$fatal(1, "wrong");',
        "assert (q == 15);",
    ],
)
async def test_a_failed_run_keeps_what_it_reached(ending: str) -> None:
    feedback = await simulate(
        bench(f'initial begin #12 rst_n = 1; en = 1; #50 {ending} #100 $display("after"); $finish; end')
    )
    assert feedback.status is Status.RUNTIME_FAILED
    assert feedback.score == 0
    assert feedback.coverage is not None
    assert feedback.coverage.tally.hit > 0
    assert "after" not in feedback.log
    assert "$stop" in feedback.notes[0]


async def test_an_error_in_a_final_block_counts() -> None:
    feedback = await simulate(bench('initial #100 $finish; final $error("wrong at the end");'))
    assert feedback.status is Status.RUNTIME_FAILED
    assert "wrong at the end" in feedback.log
    assert feedback.coverage is not None


@pytest.mark.parametrize("call", ["abort();", "*(volatile int*)0 = 1;"])
async def test_a_crash(call: str) -> None:
    feedback = await simulate(bench(f'initial begin $display("before"); #20 $c("{call}"); #20 $finish; end'))
    assert feedback.status is Status.RUNTIME_FAILED
    assert feedback.coverage is None
    assert "before" in feedback.log
    assert "SIGABRT" in feedback.notes[-1] or "SIGSEGV" in feedback.notes[-1]


async def test_leaving_through_the_back_door() -> None:
    feedback = await simulate(bench('initial #20 $c("exit(0);");'))
    assert feedback.status is Status.RUNTIME_FAILED
    assert "exit code 0" in feedback.notes[-1]


async def test_exit_codes_of_finish_are_no_failures() -> None:
    feedback = await simulate(bench("initial #100 $finish(2);"))
    assert feedback.status is Status.SUCCESS


async def test_a_clock_that_nobody_stops() -> None:
    feedback = await simulate(
        bench('initial begin #12 rst_n = 1; en = 1; $display("going"); end'),
        options=replace(SHORT, simulated_seconds=None),
    )
    assert feedback.status is Status.TIMED_OUT
    assert feedback.score == 0
    assert feedback.coverage is not None
    assert feedback.coverage.tally.hit > 0
    assert "going" in feedback.log
    assert "$finish" in feedback.notes[0]


async def test_a_loop_in_which_no_time_passes() -> None:
    feedback = await simulate(
        bench('int n; initial begin #12 rst_n = 1; #50 $display("in"); forever n = n + 1; end'),
        options=SHORT,
    )
    assert feedback.status is Status.TIMED_OUT
    assert feedback.coverage is not None
    assert feedback.coverage.tally.hit > 0
    assert "in" in feedback.log
    assert "no time passes" in feedback.notes[0]


async def test_the_limit_on_simulated_time() -> None:
    feedback = await simulate(bench(""), options=replace(UNCACHED, simulated_seconds=1e-6))
    assert feedback.status is Status.TIMED_OUT
    assert feedback.coverage is not None
    assert "1e-06 simulated seconds" in feedback.notes[0]


async def test_a_flood_of_output() -> None:
    feedback = await simulate(bench('initial begin $display("first"); forever #1 $display("%0200d", 7); end'))
    assert feedback.status is Status.RUNTIME_FAILED
    assert feedback.log.startswith("first\n")
    assert len(feedback.log) < 70_000
    assert "printed more than" in feedback.notes[0]


async def test_ending_without_finish() -> None:
    feedback = await simulate(bench("initial begin #12 rst_n = 1; repeat (20) #5 clk = ~clk; end", clock=""))
    assert feedback.status is Status.SUCCESS
    assert "never called $finish" in feedback.notes[0]


async def test_a_run_that_never_reaches_the_dut() -> None:
    feedback = await simulate(
        Testbench("tb.sv", "module tb; if (0) counter dut(); initial #10 $finish; endmodule\n")
    )
    assert feedback.status is Status.NO_COVERAGE
    assert feedback.coverage is None
    assert feedback.notes


async def test_fsm_coverage_that_fails_is_left_out_and_remembered() -> None:
    tb = Testbench(
        "tb.sv",
        "module tb; logic clk = 0; wire full; fault dut (.*);\n"
        "always #5 clk = ~clk; initial #300 $finish; endmodule\n",
    )
    first = await simulate(tb, FSM_FAULT_DESIGN)
    assert first.status is Status.SUCCESS
    assert "FSM coverage was left out" in first.notes[0]
    assert len(list((cache_folder() / "faults").iterdir())) >= 1
    second = await simulate(tb, FSM_FAULT_DESIGN)
    assert (second.coverage, second.notes) == (first.coverage, first.notes)
    without = await simulate(tb, FSM_FAULT_DESIGN, replace(UNCACHED, metrics=(Metric.LINE,)))
    assert without.notes == ()


async def test_fsm_coverage_where_it_works() -> None:
    rtl = """\
module fsm (input logic clk, rst, go, output logic busy);
  typedef enum logic [1:0] {IDLE, RUN, DONE} state_e;
  state_e state;
  always_ff @(posedge clk) begin
    if (rst) state <= IDLE;
    else case (state)
      IDLE: if (go) state <= RUN;
      RUN: state <= DONE;
      default: state <= IDLE;
    endcase
  end
  assign busy = state != IDLE;
endmodule
"""
    tb = (
        "module tb; logic clk = 0, rst = 1, go = 1; wire busy; fsm dut (.*);\n"
        "always #5 clk = ~clk; initial begin #22 rst = 0; #100 $finish; end endmodule\n"
    )
    feedback = await simulate(Testbench("tb.sv", tb), Design("fsm", (SourceFile("fsm.sv", rtl),), "fsm"))
    assert feedback.coverage is not None
    assert feedback.coverage.metrics[Metric.FSM_STATE].hit == 3


async def test_logic_that_reads_what_it_writes_does_not_end_the_simulation() -> None:
    rtl = """\
module adder (input logic clk, input logic [3:0] step, output logic [3:0] sum, output logic [7:0] ticks = 0);
  always @(*) sum = sum + step;
  always_ff @(posedge clk) ticks <= ticks + 1;
endmodule
"""
    tb = (
        "module tb; logic clk = 0; logic [3:0] step = 0, sum; wire [7:0] ticks; adder dut (.*);\n"
        "always #5 clk = ~clk;\n"
        'initial begin #22 step = 3; #200 $display("%0d", ticks); $finish; end endmodule\n'
    )
    design = Design("adder", (SourceFile("adder.sv", rtl),), "adder")
    feedback = await simulate(Testbench("tb.sv", tb), design)
    assert feedback.status is Status.SUCCESS
    assert feedback.log.startswith("22\n")
    assert "did not come to rest" in feedback.notes[0]


async def test_loops_of_zero_delays_still_end_the_simulation() -> None:
    feedback = await simulate(bench("initial forever #0 en = ~en;"))
    assert feedback.status is Status.RUNTIME_FAILED
    assert "DIDNOTCONVERGE" in feedback.log


async def test_many_events_at_one_time_are_no_loop() -> None:
    body = "event a; initial begin repeat (2000) begin -> a; #0; end #10 $finish; end"
    assert (await simulate(bench(body))).status is Status.SUCCESS


async def test_covergroups_and_constraints_are_warned_of() -> None:
    body = """
  class item; rand int v; constraint c { v > 3; v < 9; } endclass
  covergroup cg; coverpoint q; endgroup
  cg c = new;
  item i = new;
  initial begin #10 void'(i.randomize()); $finish; end"""
    feedback = await simulate(bench(body))
    assert feedback.status is Status.SUCCESS
    assert any("covergroups" in note for note in feedback.notes)


async def test_files_the_design_reads_are_there() -> None:
    rtl = """\
module rom (input logic [1:0] a, output logic [7:0] q);
  logic [7:0] mem [4];
  initial $readmemh("data/rom.hex", mem);
  assign q = mem[a];
`include "tail.svh"
endmodule
"""
    design = Design(
        "rom",
        (SourceFile("rtl/rom.sv", rtl),),
        "rom",
        headers=(SourceFile("rtl/inc/tail.svh", "`ifndef WIDTH\nbroken\n`endif\n"),),
        include_dirs=("rtl/inc", "empty"),
        defines={"WIDTH": "8", "BARE": ""},
        data=(SourceFile("data/rom.hex", "11\n22\n33\n44\n"),),
    )
    tb = (
        "module tb; logic [1:0] a = 2; wire [7:0] q; rom dut (.*);\n"
        'initial begin #1 $display("%h", q); $finish; end endmodule\n'
    )
    feedback = await simulate(Testbench("tb.sv", tb), design)
    assert feedback.status is Status.SUCCESS
    assert feedback.log.startswith("33\n")


async def test_a_dut_of_another_name_is_found_and_told() -> None:
    feedback = await simulate(Testbench("tb.sv", GOOD.text.replace("counter dut", "counter uut")))
    assert feedback.status is Status.SUCCESS
    assert feedback.coverage == (await simulate(GOOD)).coverage
    assert feedback.notes == ("The testbench calls the DUT instance uut, not dut.",)


async def test_a_testbench_named_like_a_source() -> None:
    design = replace(DESIGN, sources=(SourceFile("tb.sv", DESIGN.sources[0].text), DESIGN.sources[1]))
    feedback = await simulate(GOOD, design)
    assert feedback.status is Status.SUCCESS
    assert feedback.coverage is not None
    assert "tb.sv" in feedback.coverage.files


async def test_awkward_names() -> None:
    design = replace(
        DESIGN,
        sources=(
            SourceFile("-Wall.sv", DESIGN.sources[0].text),
            SourceFile("a b/c'd.sv", DESIGN.sources[1].text),
        ),
    )
    assert (await simulate(GOOD, design)).status is Status.SUCCESS


async def test_no_path_of_this_machine_and_nothing_left_behind() -> None:
    for tb in (GOOD, bench("initial nothing = 1;"), bench('initial $c("no();");')):
        feedback = await simulate(tb)
        for folder in (cache_folder(), Path.home(), Path.cwd()):
            assert str(folder) not in feedback.log
            assert not any(str(folder) in str(problem) for problem in feedback.problems)
    own = [folder for folder in (cache_folder() / "work").iterdir() if f"-{os.getpid()}-" in folder.name]
    assert own == []


@pytest.mark.parametrize("stage", [StageName.VERILATING, StageName.COMPILING, StageName.SIMULATING])
async def test_cancelling_leaves_nothing(stage: StageName) -> None:
    reached = asyncio.Event()

    def watch(event: Event) -> None:
        if isinstance(event, Stage) and event.name is stage:
            reached.set()

    tb = bench('initial $system("sleep 61 &"); initial forever #1 en = ~en;')
    task = asyncio.create_task(Verilator(UNCACHED).simulate(DESIGN, tb, watch))
    await reached.wait()
    await asyncio.sleep(0.1 if stage is StageName.SIMULATING else 0.005)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert started_by(os.getpid()) == []
    assert not [path for path in (cache_folder() / "work").iterdir() if f"-{os.getpid()}-" in path.name]


async def test_what_a_testbench_starts_does_not_outlive_it() -> None:
    feedback = await simulate(bench('initial begin $system("setsid sleep 62 &"); #10 $finish; end'))
    assert feedback.status is Status.SUCCESS
    assert started_by(os.getpid()) == []


async def test_several_calls_at_once() -> None:
    benches = [bench(f"initial #{100 + number} $finish;") for number in range(3)]
    feedbacks = await asyncio.gather(*(simulate(tb) for tb in benches))
    assert [feedback.status for feedback in feedbacks] == [Status.SUCCESS] * 3
