"""Every attack is refused by the screen, with its line and a sentence, without touching anything."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from llm4cov_engine.design.design import SourceFile
from llm4cov_engine.elaboration.syntax import declared
from llm4cov_engine.screening import Permission, inspect, screen
from llm4cov_engine.simulator.workspace import with_files
from llm4cov_engine.testbench import Testbench
from tests.hostile.attacks import ATTACKS, DESIGN, HONEST, Attack, bench

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_is_refused(attack: Attack, tmp_path: Path) -> None:
    testbench = attack.testbench(tmp_path)
    problems = [problem for problem in screen(DESIGN, testbench) if problem.code == attack.code]
    assert problems, screen(DESIGN, testbench)
    lines = testbench.text.splitlines()
    for problem in problems:
        assert problem.message[0].islower()
        assert len(problem.message) > 30
    if attack.at:
        spans = [problem.span for problem in problems]
        assert all(span is not None and span.file == "tb.sv" for span in spans)
        assert any(span is not None and attack.at in lines[span.line - 1] for span in spans), spans


@pytest.mark.parametrize("attack", [one for one in ATTACKS if one.permission], ids=lambda attack: attack.name)
def test_what_is_allowed_is_said(attack: Attack, tmp_path: Path) -> None:
    testbench = attack.testbench(tmp_path)
    seen = inspect(DESIGN, testbench, {attack.permission} if attack.permission else ())
    assert attack.code not in {problem.code for problem in seen.problems}
    assert attack.code in {problem.code for problem in seen.allowed}


def test_every_attack_has_a_name_of_its_own() -> None:
    names = [attack.name for attack in ATTACKS]
    assert len(set(names)) == len(names) >= 60


def test_the_honest_testbench_passes() -> None:
    assert screen(DESIGN, Testbench("tb.sv", HONEST), ()) == ()
    assert inspect(DESIGN, Testbench("tb.sv", HONEST), set(Permission)).allowed == ()


def test_no_device_is_read_for_a_testbenchs_declarations() -> None:
    assert [one.name for one in declared('`include "/dev/zero"\nmodule tb; endmodule')] == ["tb"]


def test_with_files_allowed_a_testbench_reads_the_designs_folder(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "rom.hex").write_text("1f\n")
    (tmp_path / "out").symlink_to("/etc/hostname")
    design = replace(DESIGN, root=tmp_path)
    names = ("images/rom.hex", "out", "gone.hex", "rtl/lock.sv", "images")
    assert with_files(design, names).data == (SourceFile("images/rom.hex", "1f\n"),)
    text = bench('  logic [7:0] m [1];\n  initial $readmemh("images/rom.hex", m);')
    assert inspect(design, Testbench("tb.sv", text)).files == ("images/rom.hex",)
    assert with_files(DESIGN, names) is DESIGN
