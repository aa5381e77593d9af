"""With the screen off, every attack runs in every box this machine offers, and gets nowhere."""

from __future__ import annotations

import asyncio
import os

import pytest

from llm4cov_engine.build.compiler import find_compiler
from llm4cov_engine.errors import ToolError
from llm4cov_engine.folders import cache_folder
from llm4cov_engine.permission import Permission
from llm4cov_engine.sandbox import finding
from llm4cov_engine.sandbox.box import Box, Kind
from llm4cov_engine.simulator import reach
from llm4cov_engine.simulator.feedback import Feedback, Status
from llm4cov_engine.simulator.options import SimulatorOptions
from llm4cov_engine.simulator.verilator import Verilator
from llm4cov_engine.testbench import Testbench
from tests.hostile.attacks import ATTACKS, DESIGN, HONEST, NAP, SECRET, Attack, bench
from tests.hostile.conftest import Victim, naps

BOXES = (Kind.BUBBLEWRAP, Kind.LANDLOCK, Kind.LIMITS)
OPEN = SimulatorOptions(allow=frozenset(Permission), use_cache=False, timeout=10, build_timeout=60)

ISOLATING = BOXES[:2]


async def choose(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let simulations run in one kind of box; the test is skipped where the machine does not offer it."""
    builder = reach.builder(await find_compiler())
    working = {box.kind: box for box in await finding.boxes(builder)}
    if kind not in working:
        pytest.skip(f"no {kind} on this machine")
    monkeypatch.setitem(finding._found, (cache_folder(), builder.program), working[kind])


async def attacked(testbench: Testbench, options: SimulatorOptions = OPEN) -> Feedback:
    return await Verilator(options).simulate(DESIGN, testbench)


def words_of(feedback: Feedback) -> str:
    return "\n".join((feedback.log, *feedback.notes, *map(str, feedback.problems)))


@pytest.mark.parametrize("kind", BOXES)
async def test_an_honest_testbench_covers_the_same_in_every_box(
    kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    await choose(kind, monkeypatch)
    feedback = await attacked(Testbench("tb.sv", HONEST), SimulatorOptions(use_cache=False))
    assert feedback.status is Status.SUCCESS, words_of(feedback)
    assert feedback.coverage is not None
    assert 0.2 < feedback.score < 1
    assert any("without a sandbox" in note for note in feedback.notes) == (kind is Kind.LIMITS)


STORY = """\
  initial begin
    #10;
    $c("extern char** environ; for (char** e = environ; *e; ++e) puts(*e);");
    $c("char b[99] = {0}; FILE* f = fopen(\\"{secret}\\", \\"r\\"); if (f) { fgets(b, 98, f); puts(b); }");
    $c("{ FILE* f = fopen(\\"{target}\\", \\"w\\"); if (f) fputs(\\"x\\", f); }");
    $c("{ FILE* f = fopen(\\"/proc/{pid}/environ\\", \\"r\\"); puts(f ? \\"SAW KEYS\\" : \\"\\"); }");
    $c("if (unlink(\\"{home}/precious\\") == 0) puts(\\"REMOVED\\");");
    $c("if (truncate(\\"{home}/precious\\", 0) == 0) puts(\\"CUT\\");");
    $c("if (rename(\\"{home}/precious\\", \\"{target}\\") == 0) puts(\\"MOVED\\");");
    $c("if (link(\\"{secret}\\", \\"stolen\\") == 0) puts(\\"LINKED\\");");
    $c("if (symlink(\\"{secret}\\", \\"to\\") == 0 && fopen(\\"to\\", \\"r\\")) puts(\\"FOLLOWED\\");");
    $c("if (chroot(\\".\\") == 0) puts(\\"CHROOTED\\");");
    $c("for (int d = 1; d <= 17; ++d) if (syscall(41, d, 1, 0) >= 0) puts(\\"SOCKET\\");");
    $c("if (syscall(90, \\"{home}/precious\\", 0777) == 0) puts(\\"MODE\\");");
    $c("if (syscall(272, 0x10000000) == 0) puts(\\"NAMESPACE\\");");
    $c("if (syscall(101, 16, getppid(), 0, 0) == 0) puts(\\"TRACED\\");");
    $c("if (syscall(425, 8, 0) >= 0) puts(\\"RING\\");");
    $system("cat {secret}; cp {secret} {target}; rm -rf {home}; setsid env -i sleep {nap} &");
    $system("bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port}'; bash -c 'echo x >/dev/udp/127.0.0.1/{port}'");
    $system("echo x > /dev/shm/planted-{port}; echo x > /tmp/planted-{port}; ls {home} /root");
    $display("came to the end");
    $finish;
  end
"""
TRIUMPHS = (
    "SAW KEYS", "REMOVED", "CUT", "MOVED", "LINKED", "FOLLOWED", "CHROOTED", "SOCKET", "MODE", "NAMESPACE",
    "TRACED", "RING", SECRET,
)  # fmt: skip


def story(victim: Victim) -> Testbench:
    text = STORY.replace("{nap}", NAP).replace("{pid}", str(os.getpid()))
    return Attack("story", bench(text), "").testbench(victim.home, victim.port)


@pytest.mark.parametrize("kind", ISOLATING)
async def test_everything_at_once_gets_nowhere(
    kind: Kind, victim: Victim, monkeypatch: pytest.MonkeyPatch
) -> None:
    await choose(kind, monkeypatch)
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    before = victim.state()
    feedback = await attacked(story(victim))
    assert feedback.status is Status.SUCCESS, words_of(feedback)
    assert "came to the end" in feedback.log
    assert [word for word in TRIUMPHS if word in feedback.log] == []
    assert victim.state() == before
    assert not victim.was_called()
    assert naps() == []


@pytest.mark.parametrize("kind", BOXES)
async def test_nothing_is_left_running(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    await choose(kind, monkeypatch)
    tb = bench(f'  initial begin repeat (9) $system("setsid sleep {NAP} &"); forever #1 key = ~key; end')
    task = asyncio.create_task(attacked(Testbench("tb.sv", tb.replace("#200 $finish", "#200"))))
    for _ in range(3000):
        if naps():
            break
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert naps() == []


@pytest.mark.parametrize("kind", BOXES)
async def test_a_disk_is_not_filled(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    await choose(kind, monkeypatch)
    monkeypatch.setattr(reach, "MOST_WRITTEN", 8 << 20)
    body = """\
  initial begin
    int f;
    for (int i = 0; i < 1000000; i++) begin
      f = $fopen($sformatf("big%0d", i));
      repeat (10000) $fwrite(f, "%0200d", 1);
      $fclose(f);
    end
  end
"""
    feedback = await attacked(Testbench("tb.sv", bench(body)), SimulatorOptions(use_cache=False))
    assert feedback.status is Status.RUNTIME_FAILED, words_of(feedback)
    assert feedback.notes[-1] == "The simulation was stopped: it wrote more than 8 MB of files."


@pytest.mark.slow
@pytest.mark.parametrize("kind", ISOLATING)
@pytest.mark.parametrize("attack", [one for one in ATTACKS if one.permission], ids=lambda attack: attack.name)
async def test_an_attack_gets_nowhere(
    attack: Attack, kind: Kind, victim: Victim, monkeypatch: pytest.MonkeyPatch
) -> None:
    await choose(kind, monkeypatch)
    before = victim.state()
    feedback = await attacked(attack.testbench(victim.home, victim.port))
    assert feedback.status is not Status.SCREENED_OUT
    assert SECRET not in words_of(feedback)
    assert any(note.startswith("Allowed by the settings: the testbench") for note in feedback.notes) or (
        attack.code == "SteersCoverage"
    )
    assert victim.state() == before
    assert not victim.was_called()
    assert naps() == []


async def test_a_required_box_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    builder = reach.builder(await find_compiler())
    none = Box(Kind.LIMITS, why="bubblewrap does not work")
    monkeypatch.setitem(finding._found, (cache_folder(), builder.program), none)
    with pytest.raises(ToolError, match="A sandbox is required and there is none") as caught:
        await finding.find_box(finding.REQUIRE, builder)
    assert "bubblewrap" in caught.value.remedy
    assert await finding.find_box(finding.AUTO, builder) is none
    assert (await finding.find_box(finding.OFF, builder)).kind is Kind.LIMITS
