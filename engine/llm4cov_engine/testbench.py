"""x, one complete testbench."""

from __future__ import annotations

from dataclasses import dataclass

from llm4cov_engine.digest import digest


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
