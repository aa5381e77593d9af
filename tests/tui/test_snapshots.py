"""Every screen, painted, at three sizes and in both themes; nothing in them depends on time or place."""

# ruff: noqa: ARG001 (every act takes the same three)

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from syrupy.extensions.image import SVGImageSnapshotExtension
from textual.widgets import Input

from llm4cov_assist.tui.app import AssistantApp
from llm4cov_assist.tui.desk import Request
from llm4cov_assist.tui.messages import OpenFile, ReviewAsked, Stood
from llm4cov_assist.tui.screens.ask import AskScreen
from llm4cov_assist.tui.screens.main import MainScreen
from llm4cov_assist.tui.screens.policy import PolicyChoice, PolicyScreen
from llm4cov_assist.tui.standing import Lookout, Standing, kinds_of
from llm4cov_assist.tui.themes import DARK, LIGHT
from llm4cov_assist.tui.widgets.comparison_view import ComparisonView
from llm4cov_assist.tui.widgets.modules import ModulesTable
from llm4cov_engine import Author, Coverage, Node, Proposal, State, Status, Testbench, Workbench, compare
from tests.tui.project import OTHER, STRONG, WEAK, make

if TYPE_CHECKING:
    from pathlib import Path

    from syrupy.assertion import SnapshotAssertion
    from textual.pilot import Pilot

Act = Callable[["Pilot[Any]", MainScreen, "Stage"], Awaitable[None]]

SIZES = ((80, 24), (120, 40), (200, 60))
WHEN = datetime(2026, 1, 1, tzinfo=UTC)


WHY = "no testbench has done this yet; the prover was not asked"
"""Why a hole is one, in words that do not change with the prover."""


class Stage:
    """A project on which two testbenches were measured, as records without times."""

    def __init__(self, root: Path) -> None:
        self.root = root
        bench = Workbench.open(root, resume=False)
        first = asyncio.run(bench.run(Testbench("box_tb.sv", WEAK)))
        second = asyncio.run(bench.run(Testbench("box_tb.sv", OTHER)))
        self.states = (_without_times(first.result), _without_times(second.result))
        self.nodes = (
            Node(0, None, WHEN),
            self._node(1, 0, self.states[0], 0.0),
            self._node(2, 1, self.states[1], self.states[0].score),
        )
        self.standing = self._standing(bench)
        bench.close_files()

    def _node(self, number: int, parent: int, state: State, before: float) -> Node:
        return Node(
            number,
            parent,
            WHEN,
            author=Author.STUDENT,
            policy="chat",
            note=f"proposal {number}",
            model="some-model",
            status=Status.SUCCESS,
            score=state.score,
            gain=state.score - before,
            seconds=1.5,
        )

    def _standing(self, bench: Workbench) -> Standing:
        state = self.states[1]
        seen: dict[tuple[str, ...], int] = {}
        for number, each in enumerate(self.states, 1):
            for identity in _coverage(each).identities:
                seen.setdefault(identity, number)
        standing = Lookout(bench).look(state)
        return replace(
            standing,
            holes=tuple(replace(hole, because=WHY) for hole in standing.holes),
            nodes=self.nodes,
            current=2,
            best=2,
            firsts=seen,
            kinds=kinds_of(seen),
            gains={number: list(seen.values()).count(number) for number in (1, 2)},
            metrics={
                number: {
                    metric.value: tally.ratio
                    for metric, tally in _coverage(each).metrics.items()
                    if tally.ratio is not None
                }
                for number, each in enumerate(self.states, 1)
            },
        )


def _coverage(state: State) -> Coverage:
    assert state.feedback is not None
    assert state.feedback.coverage is not None
    return state.feedback.coverage


def _without_times(state: State) -> State:
    assert state.feedback is not None
    return replace(state, feedback=replace(state.feedback, cached=False, build="flat"))


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return Stage(make(tmp_path_factory.mktemp("measured"), target=95))


async def _main(pilot: Pilot[Any], main: MainScreen, stage: Stage) -> None:
    main.post_message(OpenFile("rtl/step.sv", 12))
    await _settle(pilot, lambda: main.editors.rtl is not None)


async def _rounds(pilot: Pilot[Any], main: MainScreen, stage: Stage) -> None:
    await main.run_action("show_panel('rounds')")


async def _assistant(pilot: Pilot[Any], main: MainScreen, stage: Stage) -> None:
    main.assistant.say("person", "exercise the wrap while it is enabled")
    main.assistant.stream("module box_tb;\n  logic clk = 0;\n")
    await pilot.pause(0.2)
    main.assistant.end_stream()
    await main.run_action("ask")


async def _review(pilot: Pilot[Any], main: MainScreen, stage: Stage) -> None:
    proposal = Proposal(Testbench("box_tb.sv", STRONG), Author.STUDENT, "chat", "every mode", "some-model")
    main.post_message(ReviewAsked(stage.states[1], proposal))
    await _settle(pilot, lambda: bool(main.query("DiffView")))
    main.status.stage = ""


async def _comparison(pilot: Pilot[Any], main: MainScreen, stage: Stage) -> None:
    found = compare(_coverage(stage.states[0]), _coverage(stage.states[1]), stage.states[0].design)
    main.give_room()
    await main.editors.open("compare", "#1 and #2", ComparisonView(stage.nodes[1], stage.nodes[2], found))


async def _modules(pilot: Pilot[Any], main: MainScreen, stage: Stage) -> None:
    await main.run_action("show_view('modules')")


async def _welcome(pilot: Pilot[Any], main: MainScreen, stage: Stage) -> None:
    main.action_welcome()


async def _help(pilot: Pilot[Any], main: MainScreen, stage: Stage) -> None:
    await main.run_action("show_panel('holes')")
    main.action_keys()


async def _palette(pilot: Pilot[Any], main: MainScreen, stage: Stage) -> None:
    main.app.action_command_palette()
    await pilot.pause(0.3)


async def _policy(pilot: Pilot[Any], main: MainScreen, stage: Stage) -> None:
    main.app.push_screen(PolicyScreen(PolicyChoice("chat", "some-model", "http://localhost:8000/v1")))


async def _ask(pilot: Pilot[Any], main: MainScreen, stage: Stage) -> None:
    main.app.push_screen(AskScreen("Waive branch else", "Why may it stay uncovered?", "never used"))


async def _files(pilot: Pilot[Any], main: MainScreen, stage: Stage) -> None:
    await main.run_action("files")


async def _jump(pilot: Pilot[Any], main: MainScreen, stage: Stage) -> None:
    await main.run_action("jump")


SCREENS: dict[str, Act] = {
    "main": _main,
    "rounds": _rounds,
    "assistant": _assistant,
    "review": _review,
    "comparison": _comparison,
    "modules": _modules,
    "welcome": _welcome,
    "help": _help,
    "palette": _palette,
    "policy": _policy,
    "ask": _ask,
    "files": _files,
    "jump": _jump,
}


async def _settle(pilot: Pilot[Any], wanted: Callable[[], bool]) -> None:
    for _ in range(1500):
        await pilot.pause(0.02)
        if wanted():
            return
    raise AssertionError("in vain")


USUAL = ("main", "review", "comparison")
"""Painted in the default tests; every other one in the slow ones."""


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in USUAL else pytest.mark.slow) for name in SCREENS]
)
async def test_it_looks_as_it_did(
    name: str, stage: Stage, tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    pictures = snapshot.use_extension(SVGImageSnapshotExtension)
    app = AssistantApp(Request(str(make(tmp_path, target=95))), welcome=False)
    app.animation_level = "none"
    async with app.run_test(size=SIZES[0]) as pilot:
        main = _main_of(app)
        await _prepared(pilot, main, stage)
        for size in SIZES:
            while app.screen is not main:
                app.pop_screen()
            await pilot.resize_terminal(*size)
            await pilot.pause(0.1)
            await SCREENS[name](pilot, main, stage)
            await pilot.pause(0.2)
            # A cursor that blinks is now here, now gone.
            for box in app.screen.query(Input):
                box.cursor_blink = False
            for theme in (DARK, LIGHT):
                app.theme = theme
                picture = await _still(pilot)
                words = f"{name}-{size[0]}x{size[1]}-{'dark' if theme == DARK else 'light'}"
                assert picture == pictures(name=words)


async def _still(pilot: Pilot[Any]) -> str:
    """What is painted, when nothing changes any more: a diff is composed anew for another theme."""
    last, same = "", 0
    while same < 2:
        await pilot.pause(0.15)
        picture = pilot.app.export_screenshot()
        same = same + 1 if picture == last else 0
        last = picture
    return last


def _main_of(app: AssistantApp) -> MainScreen:
    main = app.screen_stack[0]
    assert isinstance(main, MainScreen)
    return main


async def _prepared(pilot: Pilot[Any], main: MainScreen, stage: Stage) -> None:
    """The design is open, the modules are found, and the measured state is shown."""
    await _settle(pilot, lambda: main.standing is not None)
    await _settle(pilot, lambda: main.desk._looking is not None and main.desk._looking.done())
    await _settle(pilot, lambda: bool(main.query_one(ModulesTable).rows))
    state = stage.states[1]
    main.editors.testbench.load("box_tb.sv", state.testbench.text if state.testbench else "")
    main.post_message(Stood(stage.standing))
    await _settle(pilot, lambda: main.standing is stage.standing)
    main.status.policy = "chat (some-model)"
    # The editor rests, is checked and kept.
    await pilot.pause(0.6)
