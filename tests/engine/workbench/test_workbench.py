"""What a person does at the workbench, with a real simulator."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import TYPE_CHECKING

import pytest

from llm4cov_engine import (
    Author,
    BusyError,
    Guidance,
    SessionError,
    SettingsError,
    Status,
    Testbench,
    Workbench,
    events,
    holes,
)
from tests.e2e.rtl import BROKEN, ENDLESS, THOROUGH, UP_ONLY, script
from tests.e2e.rtl import testbench as counter_testbench
from tests.processes import left_by, seen_of

if TYPE_CHECKING:
    from pathlib import Path

    from llm4cov_engine import Proposal, State


def written(text: str) -> Testbench:
    return Testbench("counter_tb.sv", text)


async def test_a_persons_testbench_is_a_round_of_a_human(bench: Workbench) -> None:
    assert not list(bench.nodes)
    done = await bench.run(written(UP_ONLY))
    assert done.proposal.author is Author.HUMAN
    assert done.feedback.status is Status.SUCCESS
    assert bench.current is not None
    assert bench.nodes[1].author is Author.HUMAN
    assert bench.state.score == done.feedback.score > 0


async def test_also_what_does_not_compile_is_where_the_next_round_starts(bench: Workbench) -> None:
    await bench.run(written(BROKEN))
    assert bench.state.feedback is not None
    assert bench.state.feedback.status is Status.COMPILE_FAILED


async def test_rounds_go_on_from_the_best_and_are_found_again(bench: Workbench, root: Path) -> None:
    await bench.run(written(UP_ONLY))
    bench.switch(policy=script(root, BROKEN, THOROUGH))
    told: list[events.Event] = []
    here = threading.get_ident()
    threads = set()

    def listen(event: events.Event) -> None:
        threads.add(threading.get_ident())
        told.append(event)

    best = await bench.close(rounds=2, emit=listen)
    assert threads == {here}
    assert [event.round for event in told if isinstance(event, events.RoundStarted)] == [1, 2]
    assert best.score == bench.state.score == max(node.score for node in bench.nodes)
    assert bench.current is not None
    assert bench.current.number == 3
    again = Workbench.open(root)
    assert again.session is not None
    assert bench.session is not None
    assert again.session.id == bench.session.id
    assert again.state.testbench is not None
    assert again.state.testbench.text == THOROUGH
    assert again.state.score == best.score
    again.close_files()


async def test_a_branch_starts_from_an_earlier_round(bench: Workbench) -> None:
    await bench.run(written(UP_ONLY))
    first = bench.current
    assert first is not None
    await bench.run(written(THOROUGH))
    bench.go_to(first)
    await bench.run(written(BROKEN))
    assert [node.parent for node in bench.nodes[1:]] == [0, 1, 1]


async def test_two_rounds_are_compared_by_what_each_hit(bench: Workbench) -> None:
    await bench.run(written(UP_ONLY))
    await bench.run(written(THOROUGH))
    _, up, thorough = bench.nodes
    found = bench.compare(up, thorough)
    assert not found.only_first
    assert any("down" in hole.what or hole.metric == "branch" for hole in found.only_second)
    assert bench.compare(thorough, up).only_first == found.only_second
    nothing = bench.compare(bench.nodes[0], thorough)
    assert nothing.only_second
    assert not nothing.only_first


async def test_every_point_knows_the_round_that_hit_it_first(bench: Workbench) -> None:
    await bench.run(written(UP_ONLY))
    await bench.run(written(THOROUGH))
    first = bench.first_hits()
    assert {node.number for node in first.values()} == {1, 2}
    assert bench.state.feedback is not None
    assert bench.state.feedback.coverage is not None
    assert first.keys() >= bench.state.feedback.coverage.identities


async def test_a_state_finds_its_node_and_a_node_its_proposal(bench: Workbench, root: Path) -> None:
    assert bench.node_of(bench.state) is None
    states = []
    for text in (UP_ONLY, THOROUGH, UP_ONLY, BROKEN):
        await bench.run(written(text))
        states.append(bench.state)
    again = Workbench.open(root)
    for looked_at in (bench, again):
        # The third is the first over again.
        found = [looked_at.node_of(state) for state in states]
        assert [node and node.number for node in found] == [1, 2, 1, 4]
        assert looked_at.session is not None
        proposals = [looked_at.session.proposal(node) for node in looked_at.nodes]
        assert [proposal and proposal.testbench for proposal in proposals] == [
            None,
            *(written(text) for text in (UP_ONLY, THOROUGH, UP_ONLY, BROKEN)),
        ]
        rounds = [looked_at.session.transition(node) for node in looked_at.nodes]
        assert proposals == [round_ and round_.proposal for round_ in rounds]
    again.close_files()


async def test_a_waiver_is_written_and_counts_at_once(bench: Workbench, root: Path) -> None:
    (root / "llm4cov.toml").write_text("# by hand\n[design]\ntop = 'counter'\n")
    await bench.run(written(UP_ONLY))
    before = bench.state.feedback
    assert before is not None
    assert before.coverage is not None
    hole = holes(before.coverage, bench.design)[0]
    path = await bench.waive(hole, "nobody counts down")
    assert path == root / "waivers.toml"
    text = (root / "llm4cov.toml").read_text()
    assert text.startswith("# by hand\n")
    assert 'waivers = "waivers.toml"' in text
    assert bench.state.score > before.score
    assert bench.state.feedback is not None
    assert bench.state.feedback.cached
    again = Workbench.open(root)
    assert again.settings.coverage.waivers == path
    again.close_files()
    with pytest.raises(SettingsError, match="needs a reason"):
        await bench.waive(hole, "  ")


async def test_a_review_accepts_edits_and_rejects(bench: Workbench, root: Path) -> None:
    bench.switch(policy=script(root, UP_ONLY, THOROUGH, THOROUGH))
    edited = written(counter_testbench("up = 1;", "repeat (5) @(negedge clk);", "$finish;"))
    shown = []

    async def review(state: State, proposal: Proposal) -> Testbench | None:
        assert threading.current_thread() is threading.main_thread()
        shown.append(state.score)
        assert proposal.testbench is not None
        return [proposal.testbench, edited, None][len(shown) - 1]

    await bench.close(rounds=3, review=review)
    _, accepted, changed, rejected = bench.nodes
    assert (accepted.author, changed.author) == (Author.SCRIPT, Author.HUMAN)
    assert rejected.status is Status.SCREENED_OUT
    assert "Rejected in review." in rejected.note
    assert bench.current is not None
    assert bench.current.number == 1


async def test_pausing_holds_up_the_next_round(bench: Workbench, root: Path) -> None:
    bench.switch(policy=script(root, UP_ONLY, THOROUGH))
    finished = asyncio.Event()

    def listen(event: events.Event) -> None:
        if isinstance(event, events.RoundFinished):
            finished.set()
            bench.pause() if event.round == 1 else None

    work = asyncio.create_task(bench.close(rounds=2, emit=listen))
    await finished.wait()
    assert bench.is_paused
    assert bench.is_busy
    with pytest.raises(BusyError):
        await bench.run(written(UP_ONLY))
    await asyncio.sleep(0.2)
    assert len(bench.nodes) == 2
    bench.resume()
    await work
    assert len(bench.nodes) == 3


async def test_stopping_leaves_no_process_and_keeps_the_rounds(bench: Workbench, root: Path) -> None:
    bench.switch(policy=script(root, UP_ONLY, ENDLESS))
    simulating = asyncio.Event()
    rounds = 0

    def listen(event: events.Event) -> None:
        nonlocal rounds
        rounds += isinstance(event, events.RoundStarted)
        if rounds == 2 and isinstance(event, events.Stage) and event.name is events.StageName.SIMULATING:
            simulating.set()

    work = asyncio.create_task(bench.close(rounds=2, emit=listen))
    await simulating.wait()
    assert await asyncio.to_thread(seen_of, os.getpid())
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert not left_by(os.getpid(), seconds=0)
    assert not bench.is_busy
    assert len(bench.nodes) == 2
    assert bench.current is not None
    assert bench.current.number == 1


async def test_guidance_reaches_the_prompt_and_only_it(bench: Workbench) -> None:
    from llm4cov_engine.policy.guided import instruction

    await bench.run(written(UP_ONLY))
    assert bench.state.feedback is not None
    assert bench.state.feedback.coverage is not None
    hole = holes(bench.state.feedback.coverage)[0]
    text = instruction(bench.design, Guidance("count down while full", (hole,)))
    assert text.startswith("count down while full")
    assert f"{hole.line}" in text
    await bench.close(rounds=1, guidance=Guidance(holes=(hole,)))
    assert bench.nodes[-1].author is Author.BUILTIN


async def test_changed_rtl_begins_anew_and_keeps_the_testbench(bench: Workbench, root: Path) -> None:
    await bench.run(written(UP_ONLY))
    assert not bench.reload()
    source = root / "rtl" / "counter.sv"
    text = source.read_text()
    source.write_text(text.replace("4'd15", "4'd14"))
    assert bench.reload()
    assert bench.session is None
    assert bench.state.feedback is None
    assert bench.state.testbench == written(UP_ONLY)
    await bench.run(written(UP_ONLY))
    assert len(bench.store.sessions()) == 2
    source.write_text(text)
    assert bench.reload()
    assert bench.current is not None


async def test_what_cannot_be_is_said(bench: Workbench, root: Path) -> None:
    with pytest.raises(SettingsError, match="no policy 'wizard'"):
        bench.switch(policy="wizard")
    assert bench.settings.policy.name != "wizard"
    await bench.run(written(UP_ONLY))
    assert bench.session is not None
    source = root / "rtl" / "counter.sv"
    source.write_text(source.read_text() + "\n// changed\n")
    with pytest.raises(SessionError, match="other RTL"):
        Workbench.open(root, session=bench.session.id)


async def test_pausing_before_the_first_round_has_begun_holds_up_the_second(
    bench: Workbench, root: Path
) -> None:
    bench.switch(policy=script(root, UP_ONLY, THOROUGH))
    finished = asyncio.Event()
    told: list[events.Event] = []

    def listen(event: events.Event) -> None:
        told.append(event)
        if isinstance(event, events.RoundFinished):
            finished.set()

    work = asyncio.create_task(bench.close(rounds=2, emit=listen))
    await asyncio.sleep(0)
    assert not told
    bench.pause()
    await finished.wait()
    assert bench.is_busy
    assert len(bench.nodes) == 2
    bench.resume()
    await work
    assert len(bench.nodes) == 3
