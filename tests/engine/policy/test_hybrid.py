"""The built-in policy and a model, in turns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm4cov_engine.design.design import Design, SourceFile
from llm4cov_engine.events import RoundFinished
from llm4cov_engine.policy.builtin import BuiltinPolicy
from llm4cov_engine.policy.chat.options import ChatOptions, Edit
from llm4cov_engine.policy.chat.policy import ChatPolicy
from llm4cov_engine.policy.hybrid import HybridPolicy
from llm4cov_engine.policy.script import ScriptedPolicy, ScriptLine
from llm4cov_engine.rounds import agentic
from llm4cov_engine.simulator.verilator import Verilator
from llm4cov_engine.state import Author, State
from llm4cov_engine.testbench import Testbench
from tests.model_server import ModelServer, Reply

if TYPE_CHECKING:
    from llm4cov_engine.events import Event
    from llm4cov_engine.policy.protocol import Policy

# Only who knows the sum finds the way in; then a counter wants many cycles to go round.
VAULT = """module vault (
  input  logic        clk,
  input  logic        rst_n,
  input  logic        valid,
  input  logic [31:0] key,
  input  logic [31:0] salt,
  output logic        open,
  output logic [3:0]  count
);
  always_ff @(posedge clk or negedge rst_n) begin
    if (!rst_n) begin
      open  <= 1'b0;
      count <= '0;
    end else if (valid && !open) begin
      if ((key ^ ((salt | 32'd1) * 32'd2654435761)) == 32'h5EC0_0DE5) open <= 1'b1;
    end else if (open) begin
      if (valid) count <= count + 4'd1;
      else if (key[1:0] == 2'd3) open <= 1'b0;
    end
  end
endmodule
"""
DESIGN = Design("vault", (SourceFile("vault.sv", VAULT),), "vault")

UNLOCK = """    // the key that fits the salt
    valid = 1'b1;
    salt = 32'd1;
    key = 32'h5EC0_0DE5 ^ 32'd2654435761;
    repeat (4) @(negedge clk);
"""
ALONE = f"""module vault_tb;
  logic clk = 0, rst_n = 0, valid = 0;
  logic [31:0] key = 0, salt = 0;
  wire open;
  wire [3:0] count;

  vault dut (.clk(clk), .rst_n(rst_n), .valid(valid), .key(key), .salt(salt), .open(open), .count(count));

  always #5 clk = ~clk;

  initial begin
    repeat (3) @(negedge clk);
    rst_n = 1;
{UNLOCK}    $finish;
  end
endmodule
"""


def patch(text: str) -> str:
    """What a model would change at the end of a testbench it is shown: unlock before the end."""
    lines = text.split("\n")
    number = max(index for index, line in enumerate(lines) if "$finish" in line)
    return f"<<<<<<< SEARCH\n{lines[number]}\n=======\n{UNLOCK}{lines[number]}\n>>>>>>> REPLACE\n"


async def run(policy: Policy, rounds: int) -> tuple[State, list[Author], list[float]]:
    events: list[Event] = []
    best = await agentic(State(DESIGN), policy, Verilator(), rounds=rounds, emit=events.append)
    finished = [event for event in events if isinstance(event, RoundFinished)]
    authors = [event.transition.proposal.author for event in finished]
    return best, authors, [event.best.score for event in finished]


async def test_together_they_reach_what_neither_does_alone() -> None:
    builtin, _, _ = await run(BuiltinPolicy(effort=None), 2)
    first = await BuiltinPolicy(effort=None).propose(State(DESIGN), seed=1)
    assert first.testbench is not None
    async with ModelServer([Reply(text=f"```\n{ALONE}```", times=0)]) as server:
        model, _, _ = await run(ChatPolicy(ChatOptions(model="fake-1", base_url=server.base_url)), 1)
    async with ModelServer([Reply(text=patch(first.testbench.text))]) as server:
        options = ChatOptions(model="fake-1", base_url=server.base_url, edit=Edit.PATCH)
        best, authors, scores = await run(HybridPolicy(BuiltinPolicy(effort=None), ChatPolicy(options)), 3)
        prompt = server.chats[0].messages
    assert authors == [Author.BUILTIN, Author.STUDENT, Author.BUILTIN]
    assert scores[0] < scores[1] <= scores[2]
    assert best.score > max(builtin.score, model.score)
    assert prompt[2][1].strip("`").removeprefix("systemverilog\n") in f"{first.testbench.text}\n"
    assert "open <= 1'b1" in prompt[3][1]


async def test_whose_turn_it_is_follows_from_state_and_seed() -> None:
    def script(name: str) -> ScriptedPolicy:
        return ScriptedPolicy([ScriptLine(text=ALONE, note=name)] * 6)

    hybrid = HybridPolicy(script("builtin"), script("chat"), first_seed=7)
    later = State(DESIGN, Testbench("vault_tb.sv", ALONE))
    said = [await hybrid.propose(later if seed > 8 else State(DESIGN), seed=seed) for seed in range(7, 13)]
    assert [(proposal.note, proposal.seed) for proposal in said] == [
        ("builtin", 7),
        ("builtin", 7),
        ("builtin", 8),
        ("chat", 10),
        ("builtin", 9),
        ("chat", 12),
    ]
