"""What Verilator, compilers and linkers may see of this process's variables."""

from __future__ import annotations

import os
from typing import Final

from llm4cov_engine.sandbox.access import FOLDER_VARIABLES

_PASSED_ON: Final = ("PATH", *FOLDER_VARIABLES)


def tool_environment() -> dict[str, str]:
    """Variables that Verilator and the compiler may see: where compilers and libraries are, nothing else."""
    return {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
