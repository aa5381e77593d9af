"""What a person said to the assistant, kept beside the sessions: a conversation goes on where it stopped."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from llm4cov_engine import SessionStore


@dataclass(frozen=True, slots=True)
class Said:
    """Words of a person.

    Attributes:
        session: id of the session.
        after: number of its newest round when this was said; 0 for none.
    """

    session: str
    after: int
    text: str


class Talk:
    """The words of all sessions of a store, a line each, in a file that only its user can read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def of(cls, store: SessionStore) -> Talk:
        """The words that were said about a store's sessions."""
        return cls(store.path.parent / "drafts" / "talk.jsonl")

    def keep(self, said: Sequence[Said]) -> None:
        """Add words. Blocks. A disk that is full must not stop the work."""
        with suppress(OSError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._path.touch(mode=0o600)
            with self._path.open("a", encoding="utf-8") as file:
                file.write("".join(f"{json.dumps(asdict(each))}\n" for each in said))

    def found(self, session: str) -> tuple[Said, ...]:
        """What was said in a session, in order. Blocks."""
        try:
            lines = self._path.read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError):
            return ()
        every = (_read(line) for line in lines)
        return tuple(each for each in every if each is not None and each.session == session)


def _read(line: str) -> Said | None:
    try:
        said = Said(**json.loads(line))
    except (ValueError, TypeError):
        # A line that was being written when the machine stopped.
        return None
    return said if isinstance(said.after, int) and isinstance(said.text, str) else None
