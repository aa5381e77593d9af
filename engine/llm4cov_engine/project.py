"""A design with the settings that go with it: where every front end begins."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm4cov_engine.choice import Mode, choose, described
from llm4cov_engine.design.design import Design
from llm4cov_engine.guidance import NO_GUIDANCE, Guidance
from llm4cov_engine.settings.schema import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llm4cov_engine.design.options import DesignOptions
    from llm4cov_engine.policy.protocol import Policy
    from llm4cov_engine.simulator.options import SimulatorOptions
    from llm4cov_engine.simulator.protocol import Simulator
    from llm4cov_engine.state import Tokens


class Proves(StrEnum):
    """When a simulator looks for new proofs of what no testbench can reach."""

    KNOWN = "known"
    """Never; proofs found before are applied."""
    WHEN_SLOW = "when_slow"
    """When little is left, or rounds bring little."""
    AT_ONCE = "at_once"
    """After every simulation that leaves points undecided."""


@dataclass(frozen=True)
class Project:
    """A design, and the settings under which it is worked on.

    Attributes:
        folder: where its llm4cov.toml stands or would stand; None for a row of a dataset.
    """

    design: Design
    settings: Settings
    folder: Path | None = None

    @classmethod
    def open(
        cls,
        name: str | Path,
        options: DesignOptions | None = None,
        flags: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Project:
        """Load what a user names, with the settings of its folder.

        Args:
            name: a folder, file, filelist or dataset row; see `load`.
            options: what the user says about the design.
            flags: settings given on the command line: section to key to value, None for not given.

        Raises:
            DesignError: it cannot become a design.
            SettingsError: the settings cannot be used.
            StorageError: a file cannot be read.
        """
        from llm4cov_engine.design.loading import load

        settings = cls.settings_of(name, flags)
        design = load(name, options, settings)
        if (flags or {}).get("coverage", {}).get("target") is not None or not design.targets:
            design = replace(design, targets=settings.coverage.targets)
        is_row = "#" in str(name) and design.root is None
        return cls(design, settings, None if is_row else _folder(name))

    @staticmethod
    def settings_of(name: str | Path, flags: Mapping[str, Mapping[str, Any]] | None = None) -> Settings:
        """The settings that hold for what a user names, whether or not it is a design.

        Raises:
            SettingsError: they cannot be used.
            StorageError: a settings file cannot be read.
        """
        from llm4cov_engine.settings.loading import load_settings

        return load_settings(_folder(name), flags)

    def simulator(self, *, proves: Proves = Proves.KNOWN) -> Simulator:
        """The local Verilator, as the settings want it; waived and unreachable points leave its coverage.

        Args:
            proves: whether to look for new proofs of what is unreachable; those known are always applied.

        Raises:
            SettingsError: the waivers file cannot be used.
        """
        from llm4cov_engine.coverage.waiver_file import read
        from llm4cov_engine.simulator.verilator import Verilator
        from llm4cov_engine.simulator.waiving import WaivingSimulator

        verilator = Verilator(self._simulator_options())
        waivers = self.settings.coverage.waivers
        simulator = WaivingSimulator(verilator, read(waivers)) if waivers is not None else verilator
        return self._proving(simulator, proves)

    def _simulator_options(self) -> SimulatorOptions:
        from llm4cov_engine.simulator.options import Build, SimulatorOptions

        wanted = self.settings.simulator
        return SimulatorOptions(
            metrics=self.settings.coverage.metrics,
            timeout=wanted.timeout,
            seed=wanted.seed,
            extra_args=wanted.extra_args,
            verilator=wanted.verilator,
            sandbox=wanted.sandbox,
            build=Build(wanted.build),
            allow=frozenset(wanted.allow),
            cache_megabytes=wanted.cache_megabytes,
        )

    def _proving(self, simulator: Simulator, proves: Proves) -> Simulator:
        from llm4cov_engine.proof.records import Assumption
        from llm4cov_engine.simulator.proving import ProvingOptions, ProvingSimulator

        wanted = self.settings.coverage
        if wanted.proofs == "off":
            return simulator
        # Proofs hold for a start with zeros; only some hold for every other start as well.
        starts_anyhow = any("--x-initial" in argument for argument in self.settings.simulator.extra_args)
        options = ProvingOptions(
            accepted=Assumption.ANY if starts_anyhow else Assumption[wanted.proofs.upper()],
            seconds=wanted.proof_seconds,
            searches=proves is Proves.WHEN_SLOW,
            at_once=proves is Proves.AT_ONCE,
            sandbox=self.settings.simulator.sandbox,
            allow=frozenset(self.settings.simulator.allow),
        )
        return ProvingSimulator(simulator, options)

    def price(self, tokens: Tokens) -> float:
        """What so many tokens cost, in the currency of the prices in the settings; 0 where none are set."""
        from llm4cov_engine.policy.chat.budget import Budget

        prices = self.settings.policy.budget
        return Budget(prompt_price=prices.prompt_price, completion_price=prices.completion_price).price(
            tokens
        )

    def policy(
        self,
        mode: Mode = Mode.MEMORYLESS,
        guidance: Guidance = NO_GUIDANCE,
        *,
        budget_seconds: float | None = None,
    ) -> Policy:
        """The policy the settings name; see `choose`.

        Raises:
            PolicyError: its script cannot be read, or no endpoint can be asked.
            SettingsError: there is no such policy, or the mode does not go with it.
        """
        seed = self.settings.simulator.seed
        return choose(
            self.settings.policy,
            mode=mode,
            seed=seed,
            guidance=guidance,
            options=self._simulator_options(),
            budget_seconds=budget_seconds,
        )

    @property
    def policy_in_words(self) -> str:
        """The policy's name, and for a model which one is asked and where.

        Raises:
            PolicyError: the endpoint is no URL.
        """
        return described(self.settings.policy)


def _folder(name: str | Path) -> Path:
    """The folder whose settings hold for what a user names."""
    path = Path(str(name).partition("#")[0])
    return path if path.is_dir() else path.parent
