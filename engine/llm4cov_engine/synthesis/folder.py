"""A folder of a synthesis: its stages, each with its sessions, its dataset and its training."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from llm4cov_engine.dataset.reading import DatasetFilter, filtered
from llm4cov_engine.dataset.sources import HubOptions, entries
from llm4cov_engine.errors import StorageError
from llm4cov_engine.files import claimed
from llm4cov_engine.process import in_thread
from llm4cov_engine.project import Project
from llm4cov_engine.session.store import SessionStore
from llm4cov_engine.synthesis.plan import STORE, Plan
from llm4cov_engine.synthesis.stages import StageRules, build_stage
from llm4cov_engine.synthesis.synthesizing import Synthesis, Synthesized
from llm4cov_engine.synthesis.training import Training, stage_folder, write_training

if TYPE_CHECKING:
    from llm4cov_engine.dataset.export.exporting import Exported
    from llm4cov_engine.dataset.progress import Tell
    from llm4cov_engine.settings.schema import Settings
    from llm4cov_engine.synthesis.roles import Proposers

DATA = "data"


@dataclass(frozen=True)
class Source:
    """Where the designs come from.

    Attributes:
        name: of a dataset; see `dataset.sources.entries`.
        wanted: which of its designs.
        hub: which part of a dataset of the hub.
    """

    name: str
    wanted: DatasetFilter | None = None
    hub: HubOptions | None = None


@dataclass(frozen=True, slots=True)
class StageFolder:
    """One stage below the folder of a synthesis.

    Attributes:
        root: the folder of the synthesis.
        stage: 0, 1 or 2.
    """

    root: Path
    stage: int

    @property
    def path(self) -> Path:
        """The stage's own folder."""
        return self.root / stage_folder(self.stage)

    @property
    def store(self) -> Path:
        """The file of its sessions."""
        return self.path / STORE

    @property
    def data(self) -> Path:
        """Its rows, with their descriptions."""
        return self.path / DATA

    async def synthesize(
        self,
        plan: Plan,
        source: Source,
        proposers: Proposers,
        settings: Settings,
        done: Synthesized,
        *,
        jobs: int,
        tell: Tell,
    ) -> None:
        """Make the rounds of a plan; those that are recorded already are not made again.

        Args:
            settings: under which testbenches are run.
            done: takes what is done, right at any moment.

        Raises:
            BusyError: another process is at work in the folder.
            SettingsError: the folder was begun with another plan.
            NoDesignError: there is no such dataset.
            PolicyError, ToolError, StorageError: as `Synthesis.run` raises them.
        """
        with claimed(self.path, "Another synthesis"):
            await in_thread(lambda: plan.keep(self.path))
            with SessionStore.open(self.store) as store:
                synthesis = Synthesis(
                    plan,
                    proposers,
                    lambda design: Project(design, settings).simulator(),
                    store,
                    done,
                    jobs=jobs,
                )
                found = filtered(entries(source.name, source.hub), source.wanted)
                await synthesis.run(found, tell=tell)

    def build(self, rules: StageRules, training: Training, tell: Tell) -> Exported:
        """Make the stage's dataset and what LlamaFactory needs to train on it.

        Raises:
            StorageError: the sessions cannot be read, or something cannot be written.
        """
        if not self.store.is_file():
            raise StorageError(
                f"{self.path} holds no sessions.", "Run `llm4cov synth` into this folder first."
            )
        with SessionStore.open(self.store) as store:
            exported = build_stage([store], rules, self.data, tell)
        name = f"{rules.dataset}_{rules.formats[0].value}"
        write_training(self.root, self.stage, name, training)
        return exported
