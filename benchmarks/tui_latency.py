"""How long the terminal assistant takes from key to paint while a round builds and tokens stream.

    python benchmarks/tui_latency.py [--seconds N] [--files N] [--points N]

Two measurements. The first types, scrolls and turns tabs while rounds run, each with a new testbench (so
that every one verilates, compiles and simulates), and while a model's reply streams in, some thousand
characters a second; from the moment a key arrives to the moment the frame that shows it was handed to the
terminal's writer. The second opens a repository of 2,000 files and shows 60,000 coverage points.

Prints one JSON document. Mind the load: `load` is what the machine did beside this.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import events as keys

from llm4cov_assist.tui.app import AssistantApp
from llm4cov_assist.tui.desk import Request
from llm4cov_assist.tui.screens.main import MainScreen
from llm4cov_assist.tui.standing import Lookout
from llm4cov_assist.tui.widgets.file_tree import FileTree
from llm4cov_assist.tui.widgets.holes_panel import HolesTable
from llm4cov_engine import Coverage, Feedback, Metric, Point, State, Status, Testbench, Workbench, events

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.pilot import Pilot

RTL = """\
module counter #(parameter int WIDTH = 8) (
  input  logic clk, input logic rst, input logic [2:0] mode, input logic [WIDTH-1:0] load,
  output logic [WIDTH-1:0] count
);
  always_ff @(posedge clk)
    if (rst) count <= '0;
    else case (mode)
      3'd0: count <= count + 1'b1;
      3'd1: count <= count - 1'b1;
      3'd2: count <= load;
      3'd3: count <= count ^ load;
      default: count <= count;
    endcase
endmodule
"""

BENCH = """\
module counter_tb;
  logic clk = 0, rst = 1;
  logic [2:0] mode = 0;
  logic [7:0] load = 0, count;
  counter dut (.clk, .rst, .mode, .load, .count);
  always #5 clk = ~clk;
  initial begin
    repeat (2) @(negedge clk); rst = 0;
    for (int i = 0; i < ROUND + 2000; i++) begin
      mode = 3'(i); load = 8'(i * 37); @(negedge clk);
    end
    $finish;
  end
endmodule
"""


KEYS = ["down", "pagedown", "up", "pageup"]


class Timed(AssistantApp):
    """The application, which notes when a frame is handed on."""

    painted = 0.0

    def _display(self, screen: Any, renderable: Any) -> None:
        super()._display(screen, renderable)
        self.painted = time.perf_counter()


async def latency(app: Timed, key: str, state: Callable[[], object], character: str | None = None) -> float:
    """Seconds from a key's arrival to the first frame after what it changes has changed."""
    before = state()
    began, own = time.perf_counter(), time.thread_time()
    app.post_message(keys.Key(key, character))
    changed = 0.0
    while not changed or app.painted <= changed:
        await asyncio.sleep(0.0005)
        now = time.perf_counter()
        if not changed and state() != before:
            changed = now
        if now - began > 60:
            raise TimeoutError(f"{key} did nothing: {before} with {app.screen.focused}")
    return app.painted - began, time.thread_time() - own


def spread(values: list[tuple[float, float]]) -> dict[str, float]:
    """Milliseconds at the middle, at the 99th percentile, and the worst; then of the drawing thread's own."""

    def at(number: int, share: float) -> float:
        ordered = sorted(1000 * value[number] for value in values)
        return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 1)

    return {
        "keys": len(values),
        "median": at(0, 0.5),
        "p99": at(0, 0.99),
        "worst": at(0, 1),
        "own_median": at(1, 0.5),
        "own_p99": at(1, 0.99),
    }


async def ready(pilot: Pilot[Any], main: MainScreen) -> None:
    while main.standing is None or (main.desk._looking and not main.desk._looking.done()):
        await pilot.pause(0.05)
    while pilot.app.screen is not main:
        await pilot.press("escape")
        await pilot.pause(0.05)


async def busy_terminal(seconds: float) -> dict[str, Any]:
    """Keys while rounds run and tokens stream."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "counter"
        root.mkdir()
        (root / "counter.sv").write_text(RTL + "".join(f"// line {n}\n" for n in range(3000)))
        app = Timed(Request(str(root), None, {"policy": {"name": "builtin"}}), welcome=False)
        async with app.run_test(size=(200, 60)) as pilot:
            main = app.screen_stack[0]
            assert isinstance(main, MainScreen)
            await ready(pilot, main)
            main.editors.testbench.load("counter_tb.sv", BENCH.replace("ROUND", "0") + "// x\n" * 1500)
            await pilot.pause(0.6)
            rounds = 0
            editor, tabs = main.editors.testbench.area, main.editors.tabs
            over = time.monotonic() + seconds

            async def build() -> None:
                nonlocal rounds
                while time.monotonic() < over:
                    rounds += 1
                    main.desk.run(Testbench("counter_tb.sv", BENCH.replace("ROUND", str(rounds))))
                    while main.desk.is_busy:  # noqa: ASYNC110 (the desk tells its end in messages)
                        await asyncio.sleep(0.02)

            async def stream() -> None:
                while time.monotonic() < over:
                    main.desk._tell(events.Text("    repeat (4) @(negedge clk);\n"))
                    await asyncio.sleep(0.005)

            found: dict[str, list[tuple[float, float]]] = {"type": [], "scroll": [], "tabs": []}
            work = asyncio.gather(build(), stream())
            await main.editors.open("counter.sv", "counter.sv", _view(root))
            while time.monotonic() < over:
                main.editors.tabs.active = "testbench"
                main.editors.focus_text()
                await pilot.pause()
                for _ in range(10):
                    found["type"].append(await latency(app, "x", lambda: editor.text, "x"))
                    await asyncio.sleep(0.03)
                for key in KEYS * 3:
                    found["scroll"].append(await latency(app, key, lambda: editor.cursor_location))
                    await asyncio.sleep(0.03)
                for _ in range(2):
                    found["tabs"].append(await latency(app, "ctrl+pagedown", lambda: tabs.active))
                    await asyncio.sleep(0.03)
            await work
            every = [value for values in found.values() for value in values]
            return {"rounds": rounds, "all": spread(every)} | {
                name: spread(values) for name, values in found.items()
            }


def _view(root: Path) -> Any:
    from llm4cov_assist.tui.widgets.rtl_view import RtlView

    return RtlView("counter.sv", (root / "counter.sv").read_text())


async def large_repository(files: int, points: int) -> dict[str, Any]:
    """Open a tree of many files, show many points, and scroll both."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "large"
        for number in range(files):
            place = root / f"block{number // 40:02}"
            place.mkdir(parents=True, exist_ok=True)
            (place / f"part_{number}.sv").write_text(f"module part_{number}(input logic a); endmodule\n")
        (root / "top.sv").write_text(RTL)
        (root / "llm4cov.toml").write_text('[design]\nrtl = ["top.sv"]\n')
        app = Timed(Request(str(root), None, {"policy": {"name": "builtin"}}), welcome=False)
        began = time.perf_counter()
        async with app.run_test(size=(200, 60)) as pilot:
            main = app.screen_stack[0]
            assert isinstance(main, MainScreen)
            started = time.perf_counter()
            tree = main.query_one(FileTree)
            while len(tree._files) < files:
                await pilot.pause(0.005)
            shown = time.perf_counter()
            await ready(pilot, main)
            while main.query_one("#modules-table").rows == ():  # type: ignore[attr-defined]
                await pilot.pause(0.05)
            bench = main.desk.workbench
            assert bench is not None
            begun = time.perf_counter()
            standing = await asyncio.to_thread(_look, bench, files, points)
            looked = time.perf_counter()
            handed = time.perf_counter()
            main.explorer.show(standing)
            main.panel.show(standing)
            before = app.painted
            while app.painted <= before or len(main.query_one(HolesTable).rows) < points // 4:  # noqa: ASYNC110
                await asyncio.sleep(0)
            painted = time.perf_counter()
            tree.focus()
            await pilot.pause()
            scroll = [await latency(app, key, lambda: tree.cursor_line) for key in KEYS * 20]
            holes = main.query_one(HolesTable)
            holes.focus()
            await pilot.pause()
            scroll += [await latency(app, key, lambda: holes.cursor) for key in KEYS * 20]
            return {
                "files": files,
                "points": points,
                "start_seconds": round(started - began, 2),
                "tree_seconds": round(shown - started, 2),
                "look_seconds_in_thread": round(looked - begun, 2),
                "show_seconds": round(painted - handed, 2),
                "scroll": spread(scroll),
            }


def _look(bench: Workbench, files: int, points: int) -> Any:
    """What the lookout makes of a measurement of so many points, half of them missed."""
    metrics = (Metric.LINE, Metric.BRANCH, Metric.EXPRESSION)
    made = tuple(
        Point(
            metrics[n % 3],
            f"block{(n % files) // 40:02}/part_{n % files}.sv",
            n // files + 1,
            1,
            f"part_{n % files}",
            (f"dut.b{(n % files) // 40}.p{n % files}",),
            f"what {n}",
            hits=n % 2,
        )
        for n in range(points)
    )
    state = State(bench.design, Testbench("tb.sv", ""), Feedback(Status.SUCCESS, coverage=Coverage(made)))
    return Lookout(bench).look(state)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=30, help="of typing")
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--points", type=int, default=60_000)
    given = parser.parse_args()
    large = await large_repository(given.files, given.points)
    busy = await busy_terminal(given.seconds)
    print(json.dumps({"load": os.getloadavg()[0], "busy": busy, "large": large}, indent=2))


if __name__ == "__main__":
    asyncio.run(main())
