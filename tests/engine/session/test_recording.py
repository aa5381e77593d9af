"""Real rounds on a real simulator, stored and read back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm4cov_engine import (
    Design,
    ScriptedPolicy,
    SessionStore,
    SourceFile,
    State,
    Status,
    Target,
    Verilator,
    agentic,
    events,
)

if TYPE_CHECKING:
    from pathlib import Path

DESIGN = Design(
    id="gate",
    sources=(
        SourceFile(
            "gate.sv",
            "module gate(input logic clk, input logic open, input logic [1:0] value,\n"
            "            output logic [1:0] kept);\n"
            "  always_ff @(posedge clk)\n"
            "    if (open) kept <= value;\n"
            "    else kept <= '0;\n"
            "endmodule\n",
        ),
    ),
    top="gate",
    targets=(Target(100.0),),
)

BENCH = """module tb;
  logic clk = 0, open = 0;
  logic [1:0] value = 0, kept;
  gate dut(.*);
  always #5 clk = ~clk;
  initial begin
    %s
    $finish;
  end
endmodule
"""

ROUNDS = {
    "1_broken": "nothing_declares_this = 1;",
    "2_little": "repeat (4) @(posedge clk);",
    "3_all": "for (int i = 0; i < 64; i++) begin @(negedge clk); {open, value} = 3'(i * 5); end",
}


async def test_real_rounds_come_back_equal(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.mkdir()
    for name, body in ROUNDS.items():
        (script / f"{name}.sv").write_text(BENCH % body)
    seen: list[events.Event] = []
    with SessionStore.open(tmp_path / "sessions.db") as store:
        session = store.create(DESIGN, policy="script")
        best = await agentic(
            State(DESIGN),
            ScriptedPolicy.read(script),
            Verilator(),
            recorder=session,
            emit=seen.append,
        )
    rounds = [event.transition for event in seen if isinstance(event, events.RoundFinished)]
    with SessionStore.open(tmp_path / "sessions.db") as store:
        again = store.load(session.id)
        assert list(again.transitions()) == rounds
        assert again.state(again.best) == best
        assert [node.parent for node in again.nodes] == [None, 0, 1, 2]
        assert [node.status for node in again.nodes[1:]] == [
            Status.COMPILE_FAILED,
            Status.SUCCESS,
            Status.SUCCESS,
        ]
        assert again.best.score > again.nodes[2].score > 0
        coverage = again.state(again.best).feedback
        assert coverage is not None
        assert coverage.simulator is not None
        assert coverage.simulator.name == "verilator"
