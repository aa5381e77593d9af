"""The DUT, compiled once and kept in the cache.

An entry is a folder: the DUT's objects, the stub, and what there is to know of them. It is built aside and
moved into place whole; its manifest tells a damaged one. A DUT that cannot be compiled apart has an entry
too, which says why, so that this is not tried again.
"""

from __future__ import annotations

import re
import shutil
import uuid
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from llm4cov_engine.build.manifest import is_intact, write_manifest
from llm4cov_engine.build.program import compile_units, write_units
from llm4cov_engine.build.storage import locked, make_folder, remove_tree, storing
from llm4cov_engine.digest import digest
from llm4cov_engine.elaboration import elaborate
from llm4cov_engine.elaboration.records import Problem, Severity
from llm4cov_engine.elaboration.syntax import is_identifier
from llm4cov_engine.errors import ElaborationError
from llm4cov_engine.folders import cache_folder
from llm4cov_engine.process import in_thread
from llm4cov_engine.simulator import model
from llm4cov_engine.simulator.counters.registration import Registration
from llm4cov_engine.simulator.generated import prepared
from llm4cov_engine.simulator.split import wrapper
from llm4cov_engine.simulator.split.companions import Companions, read_companions
from llm4cov_engine.simulator.split.wrapper import UnsplittableError
from llm4cov_engine.simulator.workspace import workspace
from llm4cov_engine.testbench import Testbench

if TYPE_CHECKING:
    from pydantic import TypeAdapter

    from llm4cov_engine.build.runtime import Runtime
    from llm4cov_engine.build.toolchain import Toolchain
    from llm4cov_engine.design.design import Design
    from llm4cov_engine.sandbox.box import Box
    from llm4cov_engine.simulator.generated import Generated
    from llm4cov_engine.simulator.options import SimulatorOptions
    from llm4cov_engine.simulator.workspace import Workspace

SCHEMA: Final = "4"
"""Changes whenever an entry built by an earlier release must not be used."""

PREFIX: Final = "Vllm4cov"
"""Name of the DUT's class, which lives beside the testbench's."""

_CONTENTS: Final = "contents.json"
_PRECISION: Final = re.compile(r"\b_vm_contextp__->timeprecision\((-?\d+)\)")
# Functions that take from the one stream of random numbers; the testbench's own would come in another order.
_DRAWS: Final = re.compile(r"\bVL_(?:U?RANDOM|DIST_)")


@dataclass(frozen=True, slots=True)
class Contents:
    """What there is to know of a DUT that was compiled apart.

    Attributes:
        stub: SystemVerilog that stands for the DUT.
        objects: names of its object files.
        registration: its coverage points.
        companions: what its testbenches may need of its files.
        problems: Verilator's complaints about the RTL.
        shared: paths, from the DUT's module on, of instances whose hits are counted for another one.
        without_fsm: FSM coverage was left out because Verilator fails on it.
        precision: of simulated time, as a power of ten of a second.
    """

    stub: str
    objects: tuple[str, ...]
    registration: Registration
    companions: Companions
    problems: tuple[Problem, ...]
    shared: tuple[str, ...]
    without_fsm: bool
    precision: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a DUT cannot be compiled apart: half a sentence."""

    reason: str


@dataclass(frozen=True, slots=True)
class Library:
    """A DUT in the cache."""

    folder: Path
    contents: Contents

    def copy_objects(self, target: Path) -> tuple[str, ...]:
        """Copy the objects into a folder; the names there.

        Raises:
            UnsplittableError: they have gone from the cache.
            StorageError: they cannot be copied.
        """
        names = []
        with storing(target):
            for name in self.contents.objects:
                try:
                    shutil.copyfile(self.folder / name, target / f"dut_{name}")
                except FileNotFoundError as error:
                    raise UnsplittableError("the DUT has gone from the cache") from error
                names.append(f"dut_{name}")
        return tuple(names)


def libraries_folder() -> Path:
    """Folder of all DUTs that were compiled apart."""
    return cache_folder() / "libraries"


def library_key(design: Design, toolchain: Toolchain, runtime: Runtime, options: SimulatorOptions) -> str:
    """Identity of a library: the RTL, the metrics, the tools."""
    arguments = model.verilator_arguments(design, "", design.top, options)
    parts = (SCHEMA, design.digest, toolchain.verilator.digest, runtime.folder.name)
    return digest((*parts, *arguments, *model.coverage_flags(options)))[:32]


def find(key: str, *, thorough: bool = False) -> Library | Refusal | None:
    """What the cache holds under a key; None for nothing that can be used."""
    folder = libraries_folder() / key
    if not is_intact(folder, thorough=thorough):
        return None
    try:
        changed = (folder / _CONTENTS).stat().st_mtime_ns
        contents = _contents(folder / _CONTENTS, changed)
    except (OSError, ValueError):
        return None
    return contents if isinstance(contents, Refusal) else Library(folder, contents)


async def discard(key: str) -> None:
    """Throw a damaged entry away."""
    folder = libraries_folder() / key
    async with locked(folder.with_suffix(".lock")):
        await in_thread(lambda: remove_tree(folder))


async def build(
    box: Box,
    toolchain: Toolchain,
    runtime: Runtime,
    design: Design,
    options: SimulatorOptions,
    *,
    fsm: bool,
    wanted: bool,
) -> Library | Refusal:
    """Compile a DUT apart, unless another process just did.

    Args:
        fsm: try FSM coverage.
        wanted: FSM coverage is to be measured, whether or not it is tried.

    Raises:
        ToolError: a tool does not start.
        StorageError: there is no space left.
    """
    key = library_key(design, toolchain, runtime, options)
    folder = libraries_folder() / key
    async with locked(folder.with_suffix(".lock")):
        known = await in_thread(lambda: find(key, thorough=True))
        if known is not None:
            return known
        aside = libraries_folder() / f".{uuid.uuid4().hex}"
        try:
            contents = await _build(box, toolchain, runtime, design, options, aside, fsm=fsm, wanted=wanted)
            await in_thread(lambda: _keep(aside, folder, contents))
        finally:
            await in_thread(lambda: remove_tree(aside))
    built = await in_thread(lambda: find(key))
    return built if built is not None else Refusal("the cache folder does not keep it")


async def _build(
    box: Box,
    toolchain: Toolchain,
    runtime: Runtime,
    design: Design,
    options: SimulatorOptions,
    aside: Path,
    *,
    fsm: bool,
    wanted: bool,
) -> Contents | Refusal:
    try:
        if not is_identifier(design.top):
            raise UnsplittableError("its module has a name that a library cannot have")
        async with workspace(design, Testbench("unused.sv", "")) as space:
            arguments = (
                *model.verilator_arguments(design, "", design.top, options),
                *("--prefix", PREFIX, "--lib-create", design.top),
                *(f"-G{name}={value}" for name, value in design.parameters.items()),
            )
            done = await model.verilate(box, toolchain, space, arguments, options, fsm=fsm, prefix=PREFIX)
            if not done.finished.ok:
                errors = (each.message for each in done.problems if each.severity is Severity.ERROR)
                raise UnsplittableError(f"Verilator says: {next(errors, 'nothing, and fails')}")
            generated, contents = await in_thread(
                lambda: _mend(
                    design, space, done, without_fsm=wanted and (not fsm or done.fsm_fault is not None)
                )
            )
            bench = model.bench_in(space, box, toolchain, runtime, options)
            units = await in_thread(lambda: write_units(space.model, generated.sources, ""))
            if await compile_units(bench, units) is not None:
                raise UnsplittableError("the C++ compiler fails on it")
            names = tuple(f"{unit.stem}.o" for unit in units)
            await in_thread(lambda: _put_aside(space.model, names, aside))
            return replace(contents, objects=names)
    except UnsplittableError as error:
        return Refusal(str(error))


def _mend(
    design: Design, space: Workspace, done: model.Verilation, *, without_fsm: bool
) -> tuple[Generated, Contents]:
    """Make the generated library fit for use.

    Raises:
        UnsplittableError: that cannot be done.
    """
    top, folder = design.top, space.model
    generated = prepared(folder, PREFIX, top, design.instance, "")
    if generated.registration is None:
        raise UnsplittableError(generated.unexpected or "it has no coverage points")
    with storing(folder):
        texts = {path: path.read_text("utf-8", "surrogateescape") for path in generated.sources}
        if any(_DRAWS.search(text) for text in texts.values()):
            raise UnsplittableError("it draws random numbers")
        ports, parameters = _header(design)
        pair = wrapper.mended(
            (folder / f"{top}.sv").read_text("utf-8", "surrogateescape"),
            (folder / f"{top}.cpp").read_text("utf-8", "surrogateescape"),
            prefix=PREFIX,
            top=top,
            ports=ports,
            parameters=parameters,
        )
        for path, text in texts.items():
            changed = wrapper.with_true_paths(text, top)
            if path.name == f"{PREFIX}.cpp":
                changed = wrapper.without_beginning(changed, PREFIX)
            if changed is not text:
                path.write_text(changed, "utf-8", "surrogateescape")
        around = folder / f"{PREFIX}__wrapper.cpp"
        around.write_text(pair.code, "utf-8", "surrogateescape")
    contents = Contents(
        stub=pair.stub,
        objects=(),
        registration=generated.registration,
        companions=read_companions(design),
        problems=done.problems,
        shared=done.shared,
        without_fsm=without_fsm,
        precision=precision_of(folder, PREFIX),
    )
    return replace(generated, sources=(*generated.sources, around)), contents


def precision_of(folder: Path, prefix: str) -> int:
    """The precision of time that a generated model sets; 0 when it sets none."""
    with storing(folder):
        for path in sorted(folder.glob(f"{prefix}__Syms*.cpp")):
            match = _PRECISION.search(path.read_text("utf-8", "surrogateescape"))
            if match is not None:
                return int(match.group(1))
    return 0


def _header(design: Design) -> tuple[tuple[str, ...], dict[str, str]]:
    """The ports of the DUT in their order, and its parameters with their values.

    Raises:
        UnsplittableError: elaboration does not say.
    """
    try:
        elaboration = elaborate(design)
    except ElaborationError as error:
        raise UnsplittableError("its ports could not be read") from error
    parameters = {each.name: each.value for each in elaboration.parameters if not each.is_local}
    return tuple(port.name for port in elaboration.ports), parameters


def _put_aside(model_folder: Path, objects: tuple[str, ...], aside: Path) -> None:
    make_folder(aside)
    with storing(aside):
        for name in objects:
            shutil.copyfile(model_folder / name, aside / name)


def _keep(aside: Path, folder: Path, contents: Contents | Refusal) -> None:
    make_folder(aside)
    with storing(aside):
        (aside / _CONTENTS).write_bytes(_adapter().dump_json(contents))
        write_manifest(aside)
        remove_tree(folder)
        # Another process, on a file system without locks, may have been faster.
        with suppress(OSError):
            aside.rename(folder)


@lru_cache(maxsize=4)
def _contents(path: Path, changed: int) -> Contents | Refusal:  # noqa: ARG001 - a changed file is another file
    return _adapter().validate_json(path.read_bytes())


@cache
def _adapter() -> TypeAdapter[Contents | Refusal]:
    from pydantic import TypeAdapter

    return TypeAdapter(Contents | Refusal)
