"""From what a user asks for to an evaluation that can begin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm4cov_engine.build.toolchain import find_toolchain
from llm4cov_engine.choice import Mode, choose, name_of
from llm4cov_engine.dataset.entry import Entry, Skipped, SkipReason
from llm4cov_engine.dataset.progress import Advance, Tell, silent
from llm4cov_engine.dataset.reading import DatasetFilter, DatasetReading, filtered
from llm4cov_engine.dataset.sources import HubOptions, entries
from llm4cov_engine.design.design import Design
from llm4cov_engine.errors import DesignError, NoDesignError
from llm4cov_engine.evaluation.configuration import Configuration, configure, task_of
from llm4cov_engine.process import in_thread
from llm4cov_engine.settings.loading import load_settings
from llm4cov_engine.settings.schema import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm4cov_engine.evaluation.sample import Task

DEFAULT_FOLDER = Path("evaluations")
"""Where evaluations are kept that nobody gives a folder."""


@dataclass(frozen=True, slots=True)
class EvaluationRequest:
    """What a user asks for.

    Attributes:
        dataset: see `dataset.sources.entries`.
        flags: settings given on the command line: section to key to value, None for not given.
        mode: direct inference has one round.
        samples: of each design.
        wanted: which designs of the dataset.
    """

    dataset: str
    flags: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    mode: Mode = Mode.MEMORYLESS
    samples: int = 1
    wanted: DatasetFilter = field(default_factory=DatasetFilter)
    hub: HubOptions = field(default_factory=HubOptions)


@dataclass(frozen=True)
class EvaluationPlan:
    """An evaluation, ready to begin.

    Attributes:
        designs: by id, in the dataset's order; the tasks of the configuration are these.
        skipped: what the dataset holds besides, and why it is not evaluated.
    """

    configuration: Configuration
    settings: Settings
    designs: Mapping[str, Design]
    skipped: tuple[Skipped, ...]
    samples: int

    @property
    def folder(self) -> Path:
        """Where it is kept unless the user says otherwise; the same for the same evaluation."""
        name = Path(self.configuration.dataset).stem
        policy = name_of(self.settings.policy).partition(":")[0]
        return DEFAULT_FOLDER / f"{name}-{policy}-{self.configuration.fingerprint[:8]}"


async def prepare(request: EvaluationRequest, tell: Tell = silent) -> EvaluationPlan:
    """Read the dataset, elaborate its designs and settle what decides the samples.

    Args:
        tell: how far it is.

    Raises:
        NoDesignError: the dataset is not there or has no design that can be evaluated.
        SettingsError: the settings cannot be used.
        StorageError: a file cannot be read.
        ToolError: the simulator is missing, or the hub refuses.
        PolicyError: the policy's script cannot be read, or its endpoint is no URL.
    """
    settings = _settings(request)
    # Whether there is such a policy is better known before anything is read or written.
    choose(settings.policy, mode=request.mode, seed=settings.simulator.seed)
    reading = await _read(request, tell)
    skipped = list(reading.skipped)
    designs: dict[str, Design] = {}
    tasks: list[Task] = []
    for number, entry in enumerate(reading.entries):
        tell(Advance("elaborating", number, len(reading.entries), entry.id))
        design = await in_thread(partial(_design, entry, settings, request))
        if isinstance(design, Skipped):
            skipped.append(design)
        else:
            designs[entry.id] = design
            tasks.append(task_of(design, difficulty=entry.difficulty, agentic=entry.is_agentic))
    if not designs:
        raise _nothing(reading.name, skipped)
    tool = (await find_toolchain(settings.simulator.verilator)).verilator
    configuration = configure(
        settings,
        dataset=reading.name,
        mode=request.mode,
        rounds=1 if request.mode is Mode.DIRECT else settings.policy.rounds,
        tasks=tuple(tasks),
        simulator=f"Verilator {tool.version}",
    )
    skipped.sort(key=lambda each: each.line)
    return EvaluationPlan(configuration, settings, designs, tuple(skipped), request.samples)


async def _read(request: EvaluationRequest, tell: Tell) -> DatasetReading:
    """The dataset, some rows at a time: reading a large one can be watched and cancelled."""
    found: list[Entry | Skipped] = []
    stream = filtered(entries(request.dataset, request.hub), request.wanted)
    while batch := await in_thread(lambda: list(islice(stream, _BATCH))):
        found += batch
        tell(Advance("reading", len(found), 0))
    return DatasetReading.of(request.dataset, found)


_BATCH = 64
"""Rows read between two looks at whether somebody cancelled."""


def _settings(request: EvaluationRequest) -> Settings:
    """The settings that hold; proofs only where they were asked for.

    Which points are proven unreachable depends on time and on what was proven before: figures that others
    shall get too count all points.
    """
    settings = load_settings(_settings_folder(request.dataset), request.flags)
    if request.flags.get("coverage", {}).get("proofs") is not None:
        return settings
    coverage = settings.coverage.model_copy(update={"proofs": "off"})
    return settings.model_copy(update={"coverage": coverage})


def _settings_folder(dataset: str) -> Path:
    """The folder of a local dataset, the current one for a dataset of the hub."""
    path = Path(dataset).expanduser()
    if path.is_dir():
        return path
    return path.parent if path.exists() else Path.cwd()


def _design(entry: Entry, settings: Settings, request: EvaluationRequest) -> Design | Skipped:
    try:
        design = entry.design()
    except DesignError as error:
        return Skipped(entry.line, SkipReason.NO_DESIGN, error.what, entry.id)
    is_target_asked = request.flags.get("coverage", {}).get("target") is not None
    if is_target_asked or not design.targets:
        return replace(design, targets=settings.coverage.targets)
    return design


def _nothing(name: str, skipped: Sequence[Skipped]) -> NoDesignError:
    what = f"{name} holds no design to evaluate"
    if not skipped:
        return NoDesignError(f"{what}: it is empty.", "Name another dataset.")
    first = skipped[0]
    return NoDesignError(
        f"{what}; {len(skipped)} rows cannot be used, row {first.line} because {first.why}.",
        "Correct the dataset, or ask for other rows.",
    )
