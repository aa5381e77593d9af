"""A small project on the disk, testbenches for it, and the application on it."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from llm4cov_assist.tui.app import AssistantApp
from llm4cov_assist.tui.desk import Request
from llm4cov_assist.tui.screens.main import MainScreen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from textual.pilot import Pilot

RTL = """\
// Counts up while enabled; wraps at the limit.
module box (
  input  logic       clk,
  input  logic       rst,
  input  logic       enable,
  input  logic [1:0] mode,
  output logic [3:0] count
);
  logic [3:0] next_count;

  step u_step (.mode(mode), .count(count), .next_count(next_count));

  always_ff @(posedge clk) begin
    if (rst) count <= '0;
    else if (enable) count <= next_count;
  end
endmodule
"""

STEP = """\
module step (
  input  logic [1:0] mode,
  input  logic [3:0] count,
  output logic [3:0] next_count
);
  always_comb begin
    case (mode)
      2'd0: next_count = count + 4'd1;
      2'd1: next_count = count - 4'd1;
      2'd2: next_count = count ^ 4'hf;
      default: next_count = 4'h0;
    endcase
  end
endmodule
"""

_BENCH = """\
module box_tb;
  logic clk = 0, rst = 1, enable = 0;
  logic [1:0] mode = 0;
  logic [3:0] count;
  box dut (.clk, .rst, .enable, .mode, .count);
  always #5 clk = ~clk;
  initial begin
    repeat (2) @(negedge clk);
    rst = 0;
    enable = 1;
{body}
    $finish;
  end
endmodule
"""

WEAK = _BENCH.format(body="    mode = 1;\n    repeat (3) @(negedge clk);")
"""Counts down three times."""
OTHER = _BENCH.format(body="    mode = 2;\n    repeat (3) @(negedge clk);")
"""Inverts three times: less of one thing, more of another."""
STRONG = _BENCH.format(
    body="    for (int m = 0; m < 4; m++) begin\n      mode = 2'(m);\n"
    "      repeat (40) @(negedge clk);\n    end\n    rst = 1;\n    repeat (2) @(negedge clk);\n"
    "    rst = 0;\n    enable = 0;\n    repeat (2) @(negedge clk);"
)
"""Does everything there is to do."""
ENDLESS = _BENCH.format(body="    forever @(negedge clk) enable = ~enable;")
"""Never ends by itself."""
BROKEN = WEAK.replace("rst = 0;", "rst = 0", 1)
"""Does not compile."""

SIZE = (120, 40)


def make(folder: Path, *, target: float | None = None) -> Path:
    """A project of two modules in a folder that is always called the same."""
    root = folder / "box"
    (root / "rtl").mkdir(parents=True)
    (root / "rtl" / "box.sv").write_text(RTL)
    (root / "rtl" / "step.sv").write_text(STEP)
    settings = '[design]\nrtl = ["rtl/*.sv"]\ntop = "box"\n'
    if target is not None:
        settings += f"[coverage]\ntarget = {target}\n"
    (root / "llm4cov.toml").write_text(settings)
    return root


def script(folder: Path, *testbenches: str) -> str:
    """The name of a policy that proposes these testbenches, one a round."""
    path = folder / "script.jsonl"
    lines = [
        json.dumps({"testbench": {"name": "box_tb.sv", "text": text}, "note": f"proposal {number}"})
        for number, text in enumerate(testbenches, 1)
    ]
    path.write_text("\n".join(lines) + "\n")
    return f"script:{path}"


class Session:
    """The application and the hands on it."""

    def __init__(self, app: AssistantApp, pilot: Pilot[Path | None]) -> None:
        self.app, self.pilot = app, pilot

    @property
    def main(self) -> MainScreen:
        """The main screen, also below a dialog."""
        return next(each for each in self.app.screen_stack if isinstance(each, MainScreen))

    async def until(self, wanted: Callable[[], object], *, seconds: float = 30) -> None:
        """Wait for something to become true; fail with what the screen says."""
        for _ in range(int(seconds / 0.02)):
            await self.pilot.pause(0.02)
            if wanted():
                # What it led to is shown before the next key.
                await self.pilot.pause()
                return
        said = [each.text for each in self.main.assistant.words]
        raise AssertionError("\n".join(["in vain", str(self.main.status.render()), *said[-6:]]))

    async def rest(self) -> None:
        """Wait until nothing runs and everything is looked at."""
        desk = self.main.desk
        await self.until(lambda: not desk.is_busy and (desk._looking is None or desk._looking.done()))

    def said(self, who: str) -> list[str]:
        """What stands in the conversation of a person, as notes or as errors."""
        return [each.text for each in self.main.assistant.words if each.who == who]

    async def press(self, *keys: str) -> None:
        """Press keys."""
        await self.pilot.press(*keys)

    async def type(self, text: str) -> None:
        """Type a text."""
        names = {" ": "space"}
        await self.pilot.press(*(names.get(letter, letter) for letter in text))


@asynccontextmanager
async def opened(
    path: Path | str,
    *,
    policy: str | None = None,
    size: tuple[int, int] = SIZE,
    theme: str = "llm4cov-dark",
    flags: dict[str, dict[str, Any]] | None = None,
    welcome: bool = False,
) -> AsyncIterator[Session]:
    """The application on a project, ready for keys."""
    given = {"policy": {"name": policy}} | (flags or {})
    app = AssistantApp(Request(str(path), None, given), theme=theme, welcome=welcome)
    app.animation_level = "none"
    async with app.run_test(size=size) as pilot:
        session = Session(app, pilot)
        await session.until(lambda: session.main.desk.error or session.main.desk.elaboration)
        await session.rest()
        await session.until(lambda: session.main.standing or session.main.desk.error)
        if welcome:
            await session.until(lambda: app.screen is not session.main)
        yield session
        session.main.desk.stop()
