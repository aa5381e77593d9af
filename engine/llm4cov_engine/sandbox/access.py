"""What a program in the box may do beyond reading the system's own programs and libraries."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

SYSTEM: Final = tuple(
    Path(name)
    for name in (
        "/usr",
        "/bin",
        "/sbin",
        "/lib",
        "/lib32",
        "/lib64",
        "/libx32",
        "/nix/store",
        "/gnu/store",
        "/etc/alternatives",
        "/etc/ld.so.cache",
        "/etc/ld.so.conf",
        "/etc/ld.so.conf.d",
        "/etc/ld.so.preload",
    )
)
"""What every program may read and execute, as far as it is there: programs, libraries, how they are found."""

FOLDER_VARIABLES: Final = (
    "LD_LIBRARY_PATH",
    "LIBRARY_PATH",
    "CPATH",
    "CPLUS_INCLUDE_PATH",
    "COMPILER_PATH",
    "GCC_EXEC_PREFIX",
)
"""Variables that name folders in which compilers and the loader look for programs, headers and libraries."""


@dataclass(frozen=True, slots=True)
class Access:
    """What one program in the box may do.

    Attributes:
        readable: files and folders it may read and execute, with all below them.
        writable: folders it may write, with all below them.
        spawns: it may start processes.
        builds: it is a compiler or the like, which starts processes and makes files executable.
    """

    readable: tuple[Path, ...] = ()
    writable: tuple[Path, ...] = ()
    spawns: bool = False
    builds: bool = False


def installation(program: Path) -> tuple[Path, ...]:
    """What an installed program needs besides the system: itself, and the folders beside its own.

    The folder above is not given as a whole: of `~/.local/bin` it holds more than programs.
    """
    real = program.resolve()
    if _within(real, SYSTEM):
        return (program,)
    prefix = real.parent.parent
    folders = (prefix / name for name in _INSTALLED)
    targets = prefix.glob("*-linux-*")
    return (program, real, *(path for path in (*folders, *targets) if path.is_dir()))


_INSTALLED: Final = ("bin", "lib", "lib64", "libexec", "include")


def search_folders(environment: dict[str, str]) -> tuple[Path, ...]:
    """Folders in which the variables of an environment let a compiler look for headers and libraries."""
    entries = [entry for name in FOLDER_VARIABLES for entry in environment.get(name, "").split(os.pathsep)]
    return _public(Path(entry) for entry in entries if os.path.isabs(entry))  # noqa: PTH117 - "" is none


def named_in(arguments: Iterable[str]) -> tuple[Path, ...]:
    """Absolute paths that a user's own arguments name, alone or behind an option (`-I/opt/ip`)."""
    found = (Path(text[text.index("/") :]) for text in arguments if "/" in text)
    return _public(path for path in found if path.exists())


def is_private(folder: Path) -> bool:
    """Whether a folder is the user's home, or holds it."""
    home = Path.home().resolve()
    return folder in (home, *home.parents)


def _public(paths: Iterable[Path]) -> tuple[Path, ...]:
    return tuple(dict.fromkeys(path for path in paths if not is_private(path.resolve())))


def _within(path: Path, folders: Iterable[Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)
