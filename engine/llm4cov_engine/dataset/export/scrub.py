"""Nothing of the machine goes out: no secret, no absolute path, no name of its user or of itself."""

from __future__ import annotations

import getpass
import os
import re
import socket
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm4cov_engine.folders import cache_folder, data_folder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from llm4cov_engine.design.design import Design

REMOVED = "[removed]"
"""Stands where a secret stood."""

PATH = "[path]"
"""Stands where the path of a folder stood; of a file's path its name is left."""

_SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL|AUTH", re.IGNORECASE)
_SHORTEST_SECRET = 8
_SHORTEST_NAME = 3
_SHORTEST_FOLDER = 4

_COMMON = frozenset(
    {
        "root",
        "user",
        "users",
        "admin",
        "administrator",
        "nobody",
        "daemon",
        "guest",
        "test",
        "tester",
        "build",
    }
    | {
        "builder",
        "runner",
        "developer",
        "dev",
        "ubuntu",
        "debian",
        "docker",
        "vagrant",
        "jenkins",
        "localhost",
    }
    | {"host", "server", "client", "node", "worker", "default", "main", "home"}
)
"""Names that say nothing about anybody, and stand in any text."""

_SHAPES = re.compile(
    r"(?<![\w-])(?:"
    r"sk-[A-Za-z0-9_-]{16,}|hf_[A-Za-z0-9]{16,}|gh[opsru]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}"
    r"|AKIA[0-9A-Z]{16}|xox[abeprs]-[\w-]{10,}|AIza[\w-]{30,}|eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{5,}"
    r")"
    r"|(?<=Bearer )[\w.~+/=-]{16,}"
    r"|(?<=://)[^\s/:@]{1,64}:[^\s/@]{1,128}(?=@)"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
)
"""What keys, tokens and passwords look like, whoever they belong to."""

_PART = r"[\w.@%+=~,-]+"
_ROOTS = (
    "home|root|tmp|usr|opt|var|etc|mnt|media|work|data|srv|Users|private|Volumes|Library|Applications|proc|run"
    "|nix|scratch|proj|projects|tools|eda|cad|nfs|net|lib|lib64|bin|sbin|snap|workspace|workspaces|build"
)
_BEFORE = r"(?:(?<![\w.~)\]])|(?<=-[A-Za-z]))"
"""What may stand before an absolute path: no name, no operand of a division; but an option like -I."""

_ROOTED = re.compile(rf"{_BEFORE}/(?:{_ROOTS})(?:/+{_PART})+/?")
_GENERIC = re.compile(
    rf"(?<![\w.~)\]/*<])/{_PART}(?:/{_PART}){{2,}}/?|(?<![\w.~)\]/*<])/{_PART}/{_PART}\.[A-Za-z]\w{{0,7}}\b"
)
_WINDOWS = re.compile(
    r"(?<!\w)[A-Za-z]:\\+(?:Users|Windows|Program Files(?: \(x86\))?|projects?|work|tools|temp)"
    r"(?:\\+[\w.@ -]+)+",
    re.IGNORECASE,
)
_FILE_URL = re.compile(r"\bfile://(?=/)")

_COMMENT_OR_STRING = re.compile(r"//[^\n]*|/\*.*?(?:\*/|\Z)|\"(?:\\.|[^\"\\\n])*\"", re.DOTALL)
_IDENTIFIER = re.compile(r"[A-Za-z_][\w$]*")


@dataclass(frozen=True)
class Scrubber:
    """Takes out of texts what must not leave the machine.

    Attributes:
        secrets: values that are removed wherever they stand.
        folders: absolute paths and what takes their place, longest first.
        names: users and machines, and what takes their place.
    """

    secrets: tuple[str, ...] = ()
    folders: tuple[tuple[str, str], ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_this_machine(cls) -> Scrubber:
        """With the secrets of the environment, the user's folders, and the names of user and machine."""
        secrets = {
            value
            for name, value in os.environ.items()
            if _SECRET_NAME.search(name) and len(value) >= _SHORTEST_SECRET and "/" not in value[:1]
        }
        home = str(Path.home())
        folders = {
            str(path).rstrip("/"): into
            for path, into in (
                (tempfile.gettempdir(), PATH),
                (cache_folder(), PATH),
                (data_folder(), PATH),
                (home, "~"),
                (Path.cwd(), ""),
            )
        }
        hosts = {socket.gethostname(), os.environ.get("HOSTNAME", "")}
        hosts |= {name.partition(".")[0] for name in hosts}
        users = {_user(), *(os.environ.get(name, "") for name in ("USER", "LOGNAME")), Path(home).name}
        return cls(
            secrets=tuple(sorted(secrets, key=lambda value: (-len(value), value))),
            folders=_ordered(folders),
            names={**_names(users, "user"), **_names(hosts, "host")},
        )

    def within(self, design: Design) -> Scrubber:
        """For texts about a design: its folder goes, and a name that its RTL uses itself stays."""
        folders = dict(self.folders)
        if design.root is not None:
            folders[str(design.root).rstrip("/")] = ""
        used = _identifiers_of(design) if self.names else frozenset()
        names = {name: into for name, into in self.names.items() if name not in used}
        return Scrubber(self.secrets, _ordered(folders), names)

    def text(self, text: str) -> str:
        """The text without what must not go out; where there is nothing, the same text."""
        for secret in self.secrets:
            if secret in text:
                text = text.replace(secret, REMOVED)
        text = _SHAPES.sub(REMOVED, text)
        if "/" in text:
            text = self._without_paths(_FILE_URL.sub("", text))
        if ":\\" in text:
            text = _WINDOWS.sub(lambda match: _left_of(match[0], "\\"), text)
        for name, into in self.names.items():
            if name in text:
                text = re.sub(rf"(?<![\w$]){re.escape(name)}(?![\w$])", into, text)
        return text

    def value(self, value: Any) -> Any:
        """The same for every text inside a JSON value; names of fields stay."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {key: self.value(each) for key, each in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(each) for each in value]
        return value

    def _without_paths(self, text: str) -> str:
        for folder, into in self.folders:
            if folder in text:
                # Only where a path begins and ends: "a/work/b" holds no "/work".
                start = rf"{_BEFORE}{re.escape(folder)}"
                text = re.sub(f"{start}/+", f"{into}/" if into else "", text)
                text = re.sub(rf"{start}(?![\w-])", into or ".", text)
        text = _ROOTED.sub(lambda match: _left_of(match[0], "/"), text)
        return _GENERIC.sub(lambda match: _left_of(match[0], "/"), text)


def _left_of(path: str, separator: str) -> str:
    """What is left of a path: the name of a file, nothing of a folder."""
    last = path.rstrip(separator).rpartition(separator)[2]
    return last if "." in last.strip(".") else PATH


def _ordered(folders: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    kept = [(folder, into) for folder, into in folders.items() if len(folder) >= _SHORTEST_FOLDER]
    return tuple(sorted(kept, key=lambda each: (-len(each[0]), each[0])))


def _names(names: Iterable[str], into: str) -> dict[str, str]:
    return {
        name: into
        for name in sorted(names, key=lambda name: (-len(name), name))
        if len(name) >= _SHORTEST_NAME and name.casefold() not in _COMMON
    }


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


def _identifiers_of(design: Design) -> frozenset[str]:
    return _identifiers(tuple(source.text for source in (*design.sources, *design.headers)))


@lru_cache(maxsize=16)
def _identifiers(texts: tuple[str, ...]) -> frozenset[str]:
    """Words of the RTL's code, its comments and strings aside."""
    found: set[str] = set()
    for text in texts:
        found.update(_IDENTIFIER.findall(_COMMENT_OR_STRING.sub(" ", text)))
    return frozenset(found)
