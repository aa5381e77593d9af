"""How long the terminal assistant takes from key to paint, and what an event costs it.

    python benchmarks/tui_latency.py [--seconds N] [--files N] [--points N]

Five measurements. `quiet`: typing, scrolling and turning tabs while nothing runs. `events`: what the drawing
thread itself spends on each kind of event of the engine, told in great number. `told`: the keys of
`quiet` while the events of four rounds a second arrive, and nothing else runs. `busy`: the same keys while
rounds run, each with a new testbench (so that every one verilates, compiles and simulates), and while a
model's reply streams in, some thousand characters a second. `large`: a repository of 2,000 files and 60,000
coverage points is opened and scrolled.

A latency goes from the moment a key arrives to the moment the frame that shows what it did is ready for the
terminal's writer; `own` is the processor time the drawing thread spent meanwhile. Milliseconds.

Prints one JSON document. Mind the load: `load` is what the machine did beside this.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import events as keys

from llm4cov_assist.tui.app import AssistantApp
from llm4cov_assist.tui.desk import Request
from llm4cov_assist.tui.messages import Begun, Ended, Stood
from llm4cov_assist.tui.screens.main import MainScreen
from llm4cov_assist.tui.standing import Lookout
from llm4cov_assist.tui.widgets.file_tree import FileTree
from llm4cov_assist.tui.widgets.holes_panel import HolesTable
from llm4cov_assist.tui.widgets.rtl_view import RtlView
from llm4cov_engine import Coverage, Feedback, Metric, Point, State, Status, Testbench, Workbench, events

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from textual.pilot import Pilot
    from textual.widget import Widget

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
REPLY = "    repeat (4) @(negedge clk);\n"
KEYS = ["down", "pagedown", "up", "pageup"]
SIZE = (200, 60)

PARTS = ("large", "quiet", "events", "told", "busy")

Latency = tuple[float, float]
"""Seconds from key to paint, and of processor time of the drawing thread."""


class Timed(AssistantApp):
    """The application, which notes the frame that shows what a key changed."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._is_shown: Callable[[], bool] = lambda: False
        self._shown: asyncio.Future[float] | None = None

    def _display(self, screen: Any, renderable: Any) -> None:
        if hasattr(renderable, "render_segments"):
            # What a driver is given to write; without a terminal nobody asks for it.
            renderable.render_segments(self.console)
        super()._display(screen, renderable)
        if self._shown is not None and self._is_shown():
            self._shown.set_result(time.perf_counter())
            self._shown = None

    def frame_of(self, widget: Widget, is_there: Callable[[], bool]) -> asyncio.Future[float]:
        """The moment at which a frame was handed on for which a widget drew what is there now."""
        drawn = False
        draw = type(widget).render_lines

        def render_lines(crop: Any) -> Any:
            nonlocal drawn
            drawn = drawn or is_there()
            return draw(widget, crop)

        widget.render_lines = render_lines  # type: ignore[method-assign]
        self._is_shown = lambda: drawn
        self._shown = asyncio.get_running_loop().create_future()
        return self._shown


async def latency(
    app: Timed, key: str, widget: Widget, state: Callable[[], object], character: str | None = None
) -> Latency:
    """Press a key that changes what `state` says, and wait for the frame in which `widget` shows it."""
    before = state()
    frame = app.frame_of(widget, lambda: state() != before)
    began, own = time.perf_counter(), time.thread_time()
    app.post_message(keys.Key(key, character))
    try:
        painted = await asyncio.wait_for(frame, 60)
    except TimeoutError:
        raise TimeoutError(f"{key} did nothing: {before} with {app.screen.focused}") from None
    finally:
        del widget.render_lines
    return painted - began, time.thread_time() - own


def spread(values: list[Latency]) -> dict[str, float]:
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


def spreads(found: dict[str, list[Latency]]) -> dict[str, Any]:
    """Of all keys, and of each kind."""
    every = [value for values in found.values() for value in values]
    return {"all": spread(every)} | {name: spread(values) for name, values in found.items()}


async def ready(pilot: Pilot[Any], main: MainScreen) -> None:
    """Wait until the design is open and looked at, and nothing stands before it."""
    while main.standing is None or (main.desk._looking and not main.desk._looking.done()):
        await pilot.pause(0.05)
    while pilot.app.screen is not main:
        await pilot.press("escape")
        await pilot.pause(0.05)


@asynccontextmanager
async def counter() -> AsyncIterator[tuple[Timed, Pilot[Any], MainScreen]]:
    """The application on a small design, with a long testbench and a long RTL file open."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "counter"
        root.mkdir()
        text = RTL + "".join(f"// line {n}\n" for n in range(3000))
        (root / "counter.sv").write_text(text)
        app = Timed(Request(str(root), None, {"policy": {"name": "builtin"}}), welcome=False)
        async with app.run_test(size=SIZE) as pilot:
            main = app.screen_stack[0]
            assert isinstance(main, MainScreen)
            await ready(pilot, main)
            main.editors.testbench.load("counter_tb.sv", BENCH.replace("ROUND", "0") + "// x\n" * 1500)
            await main.editors.open("counter.sv", "counter.sv", RtlView("counter.sv", text))
            await pilot.pause(0.6)
            yield app, pilot, main


async def keys_until(app: Timed, main: MainScreen, over: float) -> dict[str, list[Latency]]:
    """Type, scroll and turn tabs, as a quick person does."""
    found: dict[str, list[Latency]] = {"type": [], "scroll": [], "tabs": []}
    tabs, editor = main.editors.tabs, main.editors.testbench.area
    rtl = main.query_one(RtlView).area
    while time.monotonic() < over:
        tabs.active = "testbench"
        main.editors.focus_text()
        await asyncio.sleep(0.2)
        for _ in range(10):
            found["type"].append(await latency(app, "x", editor, lambda: editor.cursor_location, "x"))
            await asyncio.sleep(0.03)
        for key in KEYS * 3:
            found["scroll"].append(await latency(app, key, editor, lambda: editor.cursor_location))
            await asyncio.sleep(0.03)
        for area in (rtl, editor):
            found["tabs"].append(await latency(app, "ctrl+pagedown", area, lambda: tabs.active))
            await asyncio.sleep(0.03)
    return found


async def quiet_terminal(seconds: float) -> dict[str, Any]:
    """Keys while nothing runs."""
    async with counter() as (app, _, main):
        return spreads(await keys_until(app, main, time.monotonic() + seconds))


async def told_terminal(seconds: float) -> dict[str, Any]:
    """Keys while the events of four rounds a second are told, and tokens, without any round behind them."""
    async with counter() as (app, pilot, main):
        main.desk.run(Testbench("counter_tb.sv", BENCH.replace("ROUND", "0")))
        while main.desk.is_busy:
            await pilot.pause(0.05)
        await ready(pilot, main)
        standing = main.standing
        assert standing is not None
        over = time.monotonic() + seconds

        async def rounds() -> None:
            nodes = list(standing.nodes)
            while time.monotonic() < over:
                main.post_message(Begun("run"))
                for stage in events.StageName:
                    main.desk._tell(events.Stage(stage, "counter"))
                    await asyncio.sleep(0.03)
                nodes.append(replace(nodes[-1], number=len(nodes), parent=len(nodes) - 1))
                now = replace(standing, nodes=tuple(nodes), current=len(nodes) - 1)
                main.post_message(Ended("run"))
                main.post_message(Stood(replace(now, metrics={}, gains={}, kinds={})))
                await asyncio.sleep(0.01)
                main.post_message(Stood(now))

        async def stream() -> None:
            while time.monotonic() < over:
                main.desk._tell(events.Text(REPLY))
                await asyncio.sleep(0.005)

        work = asyncio.gather(rounds(), stream())
        found = await keys_until(app, main, over)
        await work
        return spreads(found)


async def busy_terminal(seconds: float) -> dict[str, Any]:
    """Keys while rounds run and tokens stream."""
    async with counter() as (app, _, main):
        rounds = 0
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
                main.desk._tell(events.Text(REPLY))
                await asyncio.sleep(0.005)

        work = asyncio.gather(build(), stream())
        found = await keys_until(app, main, over)
        await work
        return {"rounds": rounds} | spreads(found)


async def cost_of_events(count: int) -> dict[str, float]:
    """Milliseconds of processor time of the drawing thread, frames included, for one event of each kind."""
    async with counter() as (_, pilot, main):
        main.desk.run(Testbench("counter_tb.sv", BENCH.replace("ROUND", "0")))
        await ready(pilot, main)
        while main.desk.is_busy:
            await pilot.pause(0.05)
        await ready(pilot, main)
        standing = main.standing
        assert standing is not None
        stages = list(events.StageName)
        kinds: dict[str, Callable[[int], object]] = {
            "tokens": lambda _: main.desk._tell(events.Text(REPLY)),
            "stage": lambda n: main.desk._tell(events.Stage(stages[n % len(stages)], "counter")),
            "note": lambda n: main.desk._tell(events.Note(f"note {n}")),
            "standing": lambda _: main.post_message(Stood(standing)),
        }
        found: dict[str, float] = {}
        for name, tell in kinds.items():
            await pilot.pause(0.3)
            began = time.thread_time()
            for number in range(count):
                tell(number)
                await asyncio.sleep(0.01)
            await pilot.pause()
            found[name] = round(1000 * (time.thread_time() - began) / count, 2)
        return found


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
        async with app.run_test(size=SIZE) as pilot:
            main = app.screen_stack[0]
            assert isinstance(main, MainScreen)
            started = time.perf_counter()
            tree, holes = main.query_one(FileTree), main.query_one(HolesTable)
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
            frame = app.frame_of(holes, lambda: len(holes.rows) >= points // 4)
            main.explorer.show(standing)
            main.panel.show(standing)
            painted = await asyncio.wait_for(frame, 60)
            tree.focus()
            await pilot.pause()
            scroll = [await latency(app, key, tree, lambda: tree.cursor_line) for key in KEYS * 20]
            holes.focus()
            await pilot.pause()
            scroll += [await latency(app, key, holes, lambda: holes.cursor) for key in KEYS * 20]
            return {
                "files": files,
                "points": points,
                "start_seconds": round(started - began, 2),
                "tree_seconds": round(shown - started, 2),
                "look_seconds_in_thread": round(looked - begun, 2),
                "show_seconds": round(painted - looked, 2),
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
    parser.add_argument("--seconds", type=float, default=30, help="of typing, each time")
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--points", type=int, default=60_000)
    parser.add_argument("--only", action="append", choices=list(PARTS), default=[])
    given = parser.parse_args()
    parts: dict[str, Callable[[], Any]] = {
        "large": lambda: large_repository(given.files, given.points),
        "quiet": lambda: quiet_terminal(given.seconds),
        "events": lambda: cost_of_events(200),
        "told": lambda: told_terminal(given.seconds),
        "busy": lambda: busy_terminal(given.seconds),
    }
    found = {name: await part() for name, part in parts.items() if not given.only or name in given.only}
    print(json.dumps({"load": os.getloadavg()[0]} | found, indent=2))


if __name__ == "__main__":
    asyncio.run(main())
