"""x, one complete testbench."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llm4cov_engine.design.texts import read_text
from llm4cov_engine.digest import digest

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Testbench:
    """x of the paper: one self-contained SystemVerilog file that instantiates the DUT and drives it.

    Attributes:
        name: a plain file name without folders, ending in ".sv" or ".v".
        text: the whole file.
    """

    # Keeps pytest from taking the class for a test case.
    __test__ = False

    name: str
    text: str

    @property
    def digest(self) -> str:
        """Identity by content."""
        return digest((self.name, self.text))


def load_testbench(path: Path) -> Testbench:
    """A testbench from a file.

    Raises:
        StorageError: it cannot be read.
        DesignError: it is too large, or no text at all.
    """
    return Testbench(path.name, read_text(path))
