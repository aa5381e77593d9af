"""What a synthesis is asked to do, and how a folder remembers it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from llm4cov_engine.choice import SCRIPT
from llm4cov_engine.errors import SettingsError, StorageError
from llm4cov_engine.files import write_text
from llm4cov_engine.synthesis.roles import SAMPLING_OF_STAGE, Sampling
from llm4cov_engine.synthesis.selection import GAP, Strategy

if TYPE_CHECKING:
    from pathlib import Path

FILE = "synthesis.json"
STORE = "sessions.db"


@dataclass(frozen=True, slots=True)
class Plan:
    """A synthesis over a dataset.

    Attributes:
        dataset: its name, without folders.
        stage: 0, 1 or 2.
        sampling: who samples and who repairs; the stage's own where it is left out.
        samples: testbenches that M_int writes from nothing, for every design.
        transitions: repairs that M_trans makes of every chosen state.
        strategy: how states are chosen.
        gap: see `selection.select`.
        seed: of the first proposal about each design, and of the lot.
        intermediate: name of the policy that samples.
        transition: name of the policy that repairs.
    """

    dataset: str
    stage: int
    sampling: Sampling
    samples: int = 5
    transitions: int = 3
    strategy: Strategy = Strategy.WORST
    gap: float = GAP
    seed: int = 1
    intermediate: str = "chat"
    transition: str = "chat"

    @property
    def is_scripted(self) -> bool:
        """Whether a script has a say, which may end for one design and not for others."""
        return any(name.startswith(SCRIPT) for name in (self.intermediate, self.transition))

    def keep(self, folder: Path) -> None:
        """Write the plan into a folder, or see that the folder was begun with the same one.

        Raises:
            SettingsError: the folder was begun with another plan.
            StorageError: it cannot be read or written.
        """
        path = folder / FILE
        document = json.loads(json.dumps(asdict(self)))
        if not path.exists():
            write_text(path, json.dumps(document, indent=2) + "\n")
            return
        known = _read(path)
        different = [name for name, value in document.items() if known.get(name) != value]
        if different:
            name = different[0]
            raise SettingsError(
                f"{folder} was begun with {name} {known.get(name)!r}, not {document[name]!r}.",
                "Go on with what it was begun with, or name a new folder.",
            )


def default_sampling(stage: int) -> Sampling:
    """The sampling of a stage (paper, section 4)."""
    return SAMPLING_OF_STAGE[stage]


def _read(path: Path) -> dict[str, Any]:
    try:
        known = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise StorageError(
            f"{path} cannot be read: {error}.", "Remove it to begin anew in the same folder."
        ) from error
    if not isinstance(known, dict):
        raise StorageError(f"{path} is no plan of a synthesis.", "Name another folder.")
    return known
