"""What Verilator, compilers and linkers may see of this process's variables."""

from __future__ import annotations

import os
from typing import Final

_PASSED_ON: Final = (
    "PATH",
    "LD_LIBRARY_PATH",
    "LIBRARY_PATH",
    "CPATH",
    "CPLUS_INCLUDE_PATH",
    "COMPILER_PATH",
    "GCC_EXEC_PREFIX",
)


def tool_environment() -> dict[str, str]:
    """Variables that Verilator and the compiler may see: where compilers and libraries are, nothing else."""
    return {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
