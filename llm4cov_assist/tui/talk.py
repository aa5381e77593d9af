"""What a person said to the assistant, kept beside the sessions: a conversation goes on where it stopped."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from llm4cov_engine import in_thread

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from llm4cov_engine import SessionStore, Workbench


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
    """What is said at one desk: kept as soon as there is a session it belongs to."""

    def __init__(self) -> None:
        self._unwritten: list[tuple[int, str]] = []
        self._past: tuple[Said, ...] = ()

    async def read(self, bench: Workbench) -> None:
        """Look up what was said earlier in the session that goes on."""
        if (session := bench.session) is not None:
            self._past = await in_thread(lambda: TalkFile.of(bench.store).found(session.id))

    def take_past(self) -> tuple[Said, ...]:
        """What was said earlier; the first time it is asked for."""
        past, self._past = self._past, ()
        return past

    def say(self, bench: Workbench, text: str) -> None:
        """Take a person's words."""
        self._unwritten.append((max(0, len(bench.nodes) - 1), text))

    async def write(self, bench: Workbench) -> None:
        """Keep what is not kept yet, if there is a session."""
        words = self._unwritten
        if words and (session := bench.session) is not None:
            self._unwritten = []
            said = [Said(session.id, after, text) for after, text in words]
            await in_thread(lambda: TalkFile.of(bench.store).keep(said))


class TalkFile:
    """The words of all sessions of a store, a line each, in a file that only its user can read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def of(cls, store: SessionStore) -> TalkFile:
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
