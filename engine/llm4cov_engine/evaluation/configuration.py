"""What is evaluated, and the fingerprint that keeps samples of different things apart."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm4cov_engine.choice import SCRIPT, Mode, described, name_of
from llm4cov_engine.digest import digest
from llm4cov_engine.errors import StorageError
from llm4cov_engine.evaluation.sample import Task
from llm4cov_engine.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable

    from llm4cov_engine.design.design import Design
    from llm4cov_engine.settings.schema import Settings

Value = str | int | float | bool | None

SEED_STEP = 1_000
"""Between the first seeds of two samples: their rounds never share one."""

_PATIENCE = ("budget", "deadline_seconds", "idle_seconds", "retries", "rounds", "name", "teacher")
"""Of the policy's settings: what decides how long something is waited for, or is said elsewhere."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything that decides what a sample comes to.

    Attributes:
        dataset: its name.
        policy: in words, with the address of a model; that may change where the model has a name.
        seed: of the first sample's first round.
        details: settings of policy, coverage and simulator, flat; files as digests of what is in them.
        tasks: in the dataset's order.
        versions: of what computed the samples.
    """

    dataset: str
    policy: str
    mode: Mode
    rounds: int
    seed: int
    details: dict[str, Value] = field(default_factory=dict)
    tasks: tuple[Task, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def proofs(self) -> str:
        """Which proofs take unreachable points out of the denominator; "" for none."""
        wanted = str(self.details.get("coverage.proofs", "off"))
        return "" if wanted == "off" else wanted

    def seed_of(self, number: int) -> int:
        """First seed of a sample."""
        return self.seed + (number - 1) * SEED_STEP

    @property
    def fingerprint(self) -> str:
        """Equal for evaluations whose samples belong together; name and order of the dataset do not count."""
        return digest([json.dumps(self._parts(), sort_keys=True)])

    def differences(self, other: Configuration) -> list[str]:
        """What is not the same, as "NAME: OURS, not THEIRS", for people."""
        ours, theirs = self._parts(), other._parts()
        if len(self.tasks) != len(other.tasks):
            ours["tasks"], theirs["tasks"] = f"{len(self.tasks)} designs", str(len(other.tasks))
        elif ours["tasks"] != theirs["tasks"]:
            ours["tasks"], theirs["tasks"] = "other designs", "the same"
        names = dict.fromkeys([*ours, *theirs])
        return [
            f"{name}: {_shown(ours.get(name))}, not {_shown(theirs.get(name))}"
            for name in names
            if ours.get(name) != theirs.get(name)
        ]

    def _parts(self) -> dict[str, Any]:
        has_named_model = any(name.endswith(".model") for name in self.details)
        return {
            "policy": self.policy.partition(" ")[0] if has_named_model else self.policy,
            "mode": self.mode.value,
            "rounds": self.rounds,
            "seed": self.seed,
            **dict(sorted(self.details.items())),
            **{f"version of {name}": version for name, version in sorted(self.versions.items())},
            "tasks": sorted([task.id, task.digest] for task in self.tasks),
        }


def _shown(value: object) -> str:
    text = "unset" if value is None else str(value)
    return text if len(text) <= 40 else f"{text[:12]}..."


def configure(
    settings: Settings, *, dataset: str, mode: Mode, rounds: int, tasks: tuple[Task, ...], simulator: str
) -> Configuration:
    """The configuration that some settings make.

    Args:
        rounds: of a sample.
        simulator: name and version.

    Raises:
        SettingsError: there is no such policy.
        PolicyError: its endpoint is no URL.
        StorageError: a file that the settings name cannot be read.
    """
    name = name_of(settings.policy)
    details: dict[str, Value] = {}
    if name in ("chat", "hybrid"):
        details |= _flat("policy", settings.policy.model_dump(mode="json", exclude=set(_PATIENCE)))
        if settings.policy.prompts is not None:
            details["policy.prompts"] = content_digest(settings.policy.prompts)
    if name.startswith(SCRIPT):
        details["policy.script"] = content_digest(Path(name.removeprefix(SCRIPT)))
    details |= _flat("coverage", settings.coverage.model_dump(mode="json", exclude={"waivers", "target"}))
    if settings.coverage.waivers is not None:
        details["coverage.waivers"] = content_digest(settings.coverage.waivers)
    own = settings.simulator.model_dump(mode="json", exclude=set(_MACHINE))
    return Configuration(
        dataset=dataset,
        policy=SCRIPT.rstrip(":") if name.startswith(SCRIPT) else described(settings.policy),
        mode=mode,
        rounds=rounds,
        seed=settings.simulator.seed,
        details=details | _flat("simulator", own),
        tasks=tasks,
        versions={"llm4cov": __version__, "simulator": simulator},
    )


_MACHINE = ("cache_megabytes", "sandbox", "seed", "verilator")
"""Of the simulator's settings: what is about this machine, or said elsewhere."""

_SECRETIVE = ("base_url", "key_env")
"""Left out: the policy in words says where a model is, without what a URL may hold besides."""


def _flat(section: str, values: dict[str, Any]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name, value in values.items():
        if name in _SECRETIVE:
            continue
        if isinstance(value, dict):
            found |= _flat(f"{section}.{name}", value)
        elif value not in (None, [], ""):
            plain = isinstance(value, str | int | float | bool)
            found[f"{section}.{name}"] = value if plain else json.dumps(value, sort_keys=True)
    return found


def task_of(design: Design, *, difficulty: str = "", agentic: bool | None = None) -> Task:
    """The task that a design is."""
    files = [part for file in design.specs for part in (file.name, file.text)]
    targets = json.dumps([asdict(target) for target in design.targets])
    whole = digest([design.digest, design.instruction, targets, *files])
    return Task(design.id, difficulty, agentic, len(design.targets), whole)


def content_digest(path: Path) -> str:
    """Digest of a file, or of the names and contents of the files in a folder.

    Raises:
        StorageError: it cannot be read.
    """
    try:
        files = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
        return digest(_parts(path, files))
    except OSError as error:
        raise StorageError(
            f"{path} cannot be read: {error.strerror or error}.", "Check that it is there and readable."
        ) from error


def _parts(base: Path, files: Iterable[Path]) -> Iterable[str | bytes]:
    for file in files:
        yield from (file.relative_to(base).as_posix(), file.read_bytes())
