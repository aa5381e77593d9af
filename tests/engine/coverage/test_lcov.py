from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot

from llm4cov_engine.coverage.coverage import Coverage
from llm4cov_engine.coverage.lcov import lcov
from tests.engine.coverage.samples import DATA, coverage

if TYPE_CHECKING:
    from pathlib import Path


def test_golden() -> None:
    assert lcov(coverage("machines"), name="round 1") == snapshot("""\
TN:round_1
SF:dut.sv
BRDA:4,0,0,1
BRDA:4,0,1,20
BRDA:7,0,0,31
BRDA:7,0,1,42
BRDA:7,1,0,0
BRDA:7,1,1,35
BRF:6
BRH:5
DA:4,21
DA:5,108
DA:6,108
DA:7,108
LF:4
LH:4
end_of_record
TN:round_1
SF:one.sv
BRDA:5,0,0,3
BRDA:5,0,1,60
BRDA:8,0,0,13
BRDA:8,0,1,23
BRF:4
BRH:4
DA:4,63
DA:5,3
DA:6,60
DA:7,60
DA:8,36
DA:9,13
DA:10,11
DA:11,0
LF:8
LH:7
end_of_record
""")


def test_counts_are_those_of_the_records() -> None:
    for record in lcov(coverage("alu")).split("end_of_record\n")[:-1]:
        lines = re.findall(r"^DA:(\d+),(\d+)$", record, re.MULTILINE)
        ways = re.findall(r"^BRDA:\d+,\d+,[01],(\d+|-)$", record, re.MULTILINE)
        assert f"LF:{len(lines)}\nLH:{sum(hits != '0' for _, hits in lines)}\n" in record
        assert ways == [] or f"BRF:{len(ways)}\nBRH:{sum(way not in '0-' for way in ways)}\n" in record


def test_nothing_to_say() -> None:
    assert lcov(Coverage(())) == ""


@pytest.mark.skipif(shutil.which("genhtml") is None, reason="lcov is not on this machine")
def test_genhtml_takes_it(tmp_path: Path) -> None:
    (tmp_path / "coverage.info").write_text(lcov(coverage("alu")))
    command = ["genhtml", "--branch-coverage", "-o", str(tmp_path / "out"), str(tmp_path / "coverage.info")]
    done = subprocess.run(command, cwd=DATA / "alu", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert re.search(r"branches\.+: 75\.0% \(12 of 16 branches\)", done.stdout)
