"""The prover's programs read what strangers wrote: they see their own folder and nothing else."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from llm4cov_engine.process import Limits
from llm4cov_engine.proof.boxing import Workplace, prover_box
from llm4cov_engine.proof.checking import pyosys_folder
from llm4cov_engine.sandbox.box import Box, Kind
from llm4cov_engine.sandbox.finding import AUTO

READ = "import sys, pathlib; print(pathlib.Path(sys.argv[1]).read_text())"


async def workplace(folder: Path, box: Box | None = None) -> Workplace:
    folder.mkdir(exist_ok=True)  # noqa: ASYNC240 - one folder
    return Workplace(box or await prover_box(AUTO), folder, 4 << 30, pyosys_folder())


@pytest.mark.parametrize("kind", ["boxed", "limits"])
async def test_yosys_and_abc_start_in_the_box(tmp_path: Path, kind: str) -> None:
    place = await workplace(tmp_path / "work", Box(Kind.LIMITS) if kind == "limits" else None)
    (place.folder / "top.v").write_text("module top(input a, output y); assign y = !a; endmodule\n")
    passes = ["read_verilog top.v", "write_json out.json"]
    child = f"from pyosys import libyosys as y; d = y.Design(); [y.run_pass(c, d) for c in {passes!r}]"
    done = await place.run(Path(sys.executable), ["-I", "-c", child], deadline=60, limits=Limits())
    assert done.ok, done.output
    assert "top" in json.loads((place.folder / "out.json").read_text())["modules"]
    done = await place.run(place.prover / "yosys-abc", ["-q", "version"], deadline=60, limits=Limits())
    assert done.ok, done.output


async def test_they_read_and_write_nothing_else(tmp_path: Path) -> None:
    place = await workplace(tmp_path / "work")
    if place.box.kind is Kind.LIMITS:
        pytest.skip(f"this machine has no box: {place.box.why}")
    secret = tmp_path / "secret"
    secret.write_text("seen")
    inside = place.folder / "own"
    inside.write_text("own")

    async def reading(path: Path) -> str:
        done = await place.run(
            Path(sys.executable), ["-I", "-c", READ, str(path)], deadline=60, limits=Limits()
        )
        return done.output

    assert "own" in await reading(inside)
    assert "seen" not in await reading(secret)
    done = await place.run(
        Path(sys.executable),
        ["-I", "-c", f"open({str(tmp_path / 'new')!r}, 'w')"],
        deadline=60,
        limits=Limits(),
    )
    assert not done.ok
    assert not (tmp_path / "new").exists()
