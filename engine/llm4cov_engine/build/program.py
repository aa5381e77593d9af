"""From C++ that Verilator generated to a program."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from llm4cov_engine.build.environment import tool_environment
from llm4cov_engine.build.runtime import Runtime
from llm4cov_engine.build.slots import slot, usable_cores
from llm4cov_engine.build.storage import lacks_space, no_space, storing
from llm4cov_engine.process import Finished, Limits, Quota, in_thread, together
from llm4cov_engine.sandbox.access import Access
from llm4cov_engine.sandbox.box import Box

if TYPE_CHECKING:
    from collections.abc import Sequence


UNIT_SIZE: Final = 600_000
"""Bytes of generated C++ above which the model is compiled as several units on several cores."""

# The compiler reads text that nobody vouches for: a run-away one must not fill the disk.
BUILD_LIMITS: Final = Limits(address_space=16 << 30, file_size=4 << 30, output_kept=512 * 1024)


@dataclass(frozen=True, slots=True)
class Bench:
    """Where and with what C++ becomes a program.

    Attributes:
        folder: where the C++ lies; everything made of it is written there too.
        access: what the compiler and the linker may read and write in the box.
        deadline: seconds each of them may take.
        quota: of all they write.
        optimise: compile for a fast run instead of a fast compilation.
    """

    box: Box
    runtime: Runtime
    folder: Path
    access: Access
    deadline: float
    quota: Quota
    optimise: bool = False


@dataclass(frozen=True, slots=True)
class Compilation:
    """What became of the C++; `program` can be run when `failed` is None."""

    program: Path
    failed: Finished | None = None


async def compile_model(
    bench: Bench, sources: Sequence[Path], glue: str, *, objects: Sequence[str] = ()
) -> Compilation:
    """Compile and link what Verilator generated.

    Args:
        sources: the generated C++ files, all in the bench's folder.
        glue: C++ that implements `llm4cov::makeModel` (driver/driver.h).
        objects: compiled earlier, in the bench's folder, to be linked too.

    Raises:
        ToolError: the compiler does not start.
        StorageError: there is no space left.
    """
    units = await in_thread(lambda: write_units(bench.folder, sources, glue))
    failed = await compile_units(bench, units)
    if failed is None:
        failed = await link(
            bench, [*(f"{unit.stem}.o" for unit in units), *objects, bench.runtime.driver], "simulation"
        )
    return Compilation(bench.folder / "simulation", failed)


async def compile_units(bench: Bench, units: Sequence[Path]) -> Finished | None:
    """Compile each file to the object beside it; the first failure is returned, None when there is none."""
    recipe = bench.runtime.recipe
    commands = (
        recipe.compile_command(unit.name, f"{unit.stem}.o", optimise=bench.optimise) for unit in units
    )
    done = await together(*(_run(bench, command) for command in commands))
    return next((finished for finished in done if not finished.ok), None)


async def link(bench: Bench, objects: Sequence[str], program: str) -> Finished | None:
    """Link objects of the bench's folder with the runtime; returns the failure, None when there is none.

    Args:
        objects: relative to the bench's folder; one of them, such as the runtime's driver, has a `main`.
        program: name of the file to write.
    """
    finished = await _run(bench, bench.runtime.recipe.link_command(objects, program))
    return None if finished.ok else finished


def write_units(folder: Path, sources: Sequence[Path], glue: str) -> list[Path]:
    """Write the few files that include all generated ones, of about the same size each."""
    with storing(folder):
        by_size = {path: path.stat().st_size for path in sources}
        count = max(1, min(usable_cores(), 1 + sum(by_size.values()) // UNIT_SIZE, len(sources)))
        texts: list[list[str]] = [[glue], *([] for _ in range(count - 1))]
        sizes = [0] * count
        for path in sorted(sources, key=lambda path: (-by_size[path], path.name)):
            smallest = sizes.index(min(sizes))
            texts[smallest].insert(0, f'#include "{path.name}"\n')
            sizes[smallest] += by_size[path]
        units = [folder / f"unit{number}.cpp" for number in range(count)]
        for unit, lines in zip(units, texts, strict=True):
            unit.write_text('#include "driver.h"\n' + "".join(lines))
    return units


async def _run(bench: Bench, command: Sequence[str]) -> Finished:
    async with slot():
        finished = await bench.box.run(
            Path(command[0]),
            command[1:],
            folder=bench.folder,
            access=bench.access,
            environment=tool_environment(),
            deadline=bench.deadline,
            limits=BUILD_LIMITS,
            quota=bench.quota,
        )
    if not finished.ok and lacks_space(bench.folder, finished.output):
        raise no_space(bench.folder)
    return finished
