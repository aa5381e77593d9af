"""From session stores to examples, one session in memory at a time."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from llm4cov_engine.dataset.export.conversation import Untellable
from llm4cov_engine.dataset.export.example import Example, Origin
from llm4cov_engine.dataset.progress import Advance, Tell, silent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from llm4cov_engine.dataset.export.conversation import Teller
    from llm4cov_engine.dataset.export.selection import Selection
    from llm4cov_engine.session.session import Session
    from llm4cov_engine.session.store import SessionStore
    from llm4cov_engine.state import Transition

Objection = str
"""Why a round is left out, in a word or two; "" for one that is kept."""


class Collector:
    """Reads the examples of stores and counts what it leaves out.

    Args:
        selection: which rounds are wanted.
        teller: makes their conversations.
        object_to: a further say on every wanted round.

    Attributes:
        rounds: how many rounds were looked at.
        left_out: how many were not taken, by reason.
    """

    def __init__(
        self,
        selection: Selection,
        teller: Teller,
        object_to: Callable[[Transition], Objection] | None = None,
    ) -> None:
        self._selection = selection
        self._teller = teller
        self._object_to = object_to
        self.rounds = 0
        self.left_out: Counter[str] = Counter()

    def by_design(
        self, stores: Sequence[SessionStore], names: Sequence[str] = (), tell: Tell = silent
    ) -> Iterator[list[Example]]:
        """The examples of one design after the other, in an order that depends on the stores alone.

        Args:
            names: sessions, by the beginnings of their ids; empty for all of them.

        Raises:
            SessionError: a named session is in none of the stores.
            StorageError: a store cannot be read.
        """
        found = self._sessions(stores, names)
        group: list[Example] = []
        current = ""
        for number, (design, session_id, store) in enumerate(found):
            tell(Advance("sessions", number, len(found), design))
            if group and design != current:
                yield group
                group = []
            current = design
            group += self._examples(store.load(session_id))
        if group:
            yield group
        tell(Advance("sessions", len(found), len(found)))

    def _sessions(
        self, stores: Sequence[SessionStore], names: Sequence[str]
    ) -> list[tuple[str, str, SessionStore]]:
        """(design, id, store) of every session that may hold something wanted."""
        wanted = {find_session(stores, name) for name in names}
        return sorted(
            (
                (each.design, each.id, store)
                for store in stores
                for each in store.sessions()
                if (not names or each.id in wanted) and self._selection.wants_design(each.design)
            ),
            key=lambda each: each[:2],
        )

    def _examples(self, session: Session) -> Iterator[Example]:
        for node in session.nodes:
            if node.author is None:
                continue
            self.rounds += 1
            reason = self._selection.objection(node)
            if reason:
                self.left_out[reason] += 1
                continue
            transition = session.transition(node)
            if transition is None:
                self.left_out["no simulation"] += 1
                continue
            if self._object_to is not None and (reason := self._object_to(transition)):
                self.left_out[reason] += 1
                continue
            try:
                told = self._teller.tell(transition)
            except Untellable as error:
                self.left_out[str(error)] += 1
                continue
            yield Example(transition, told, Origin(session.id, node, session.tool, session.settings))


def find_session(stores: Sequence[SessionStore], name: str) -> str:
    """The full id of a session; the last store's complaint where none knows it."""
    from llm4cov_engine.errors import SessionError

    for store in stores[:-1]:
        try:
            return store.load(name).id
        except SessionError:
            continue
    return stores[-1].load(name).id
