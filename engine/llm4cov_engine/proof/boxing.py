"""The box the prover's programs run in: they read text that nobody vouches for."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from llm4cov_engine.build.compiler import find_compiler
from llm4cov_engine.build.recipe import driver
from llm4cov_engine.errors import ToolError
from llm4cov_engine.sandbox.access import Access, is_private
from llm4cov_engine.sandbox.box import Box, Kind
from llm4cov_engine.sandbox.finding import REQUIRE, Builder, find_box

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from llm4cov_engine.process import Finished, Limits


@dataclass(frozen=True, slots=True)
class Workplace:
    """Where the prover's programs run.

    Attributes:
        folder: the only one they may write.
        memory: bytes of virtual memory of each program.
        prover: where pyosys is installed.
    """

    box: Box
    folder: Path
    memory: int
    prover: Path

    async def run(
        self, program: Path, arguments: Sequence[str], *, deadline: float, limits: Limits
    ) -> Finished:
        """Run a program in the folder; see `Box.run`."""
        return await self.box.run(
            program,
            arguments,
            folder=self.folder,
            access=prover_access(self.prover, self.folder),
            deadline=deadline,
            limits=replace(limits, address_space=self.memory),
            distrusted=True,
        )


async def prover_box(wanted: str) -> Box:
    """The box for Yosys and abc; without a C++ compiler, limits alone.

    Args:
        wanted: see `find_box`.

    Raises:
        ToolError: a box is required and there is none.
    """
    try:
        compiler = await find_compiler()
    except ToolError as error:
        if wanted == REQUIRE:
            raise
        return Box(Kind.LIMITS, why=error.what.rstrip("."))
    _, *arguments = driver(compiler)
    flags = (*arguments, *compiler.language_flags)
    return await find_box(wanted, Builder(compiler.program, flags, compiler.environment))


def prover_access(prover: Path, folder: Path) -> Access:
    """What the prover's programs may read, and the one folder that they may write.

    Args:
        prover: where pyosys is installed.
    """
    # A wheel may keep libraries in a folder beside its package.
    packages = (prover, *prover.parent.glob("pyosys.libs"))
    python = (Path(sys.prefix), Path(sys.base_prefix), Path(__file__).parent)
    return Access(tuple(_outermost((*python, *packages))), (folder,))


def _outermost(paths: Iterable[Path]) -> list[Path]:
    """Paths without those that lie in others, and without a person's own folders."""
    found: list[Path] = []
    for path in sorted(set(paths), key=lambda path: len(path.parts)):
        if not is_private(path.resolve()) and not any(path.is_relative_to(other) for other in found):
            found.append(path)
    return found
