"""What the worst-state selection would choose in recorded sessions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llm4cov_engine.synthesis.selection import GAP, Chosen, Strategy, select
from llm4cov_engine.synthesis.synthesizing import candidates

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llm4cov_engine.session.store import SessionStore


@dataclass(frozen=True, slots=True)
class Choice:
    """What is chosen in a session.

    Attributes:
        session: its id.
        design: id of its design.
        sampled: states that were sampled from nothing, equal ones once.
        chosen: those to repair.
    """

    session: str
    design: str
    sampled: int
    chosen: tuple[Chosen, ...]


def chosen_states(
    store: SessionStore,
    names: Sequence[str] = (),
    *,
    strategy: Strategy = Strategy.WORST,
    gap: float = GAP,
    seed: int = 1,
) -> Iterator[Choice]:
    """Choose in every session, or in those that are named by the beginnings of their ids.

    Raises:
        SessionError: a named session is not there.
        StorageError: the store cannot be read.
    """
    wanted = {store.load(name).id for name in names}
    for summary in sorted(store.sessions(), key=lambda each: (each.design, each.id)):
        if wanted and summary.id not in wanted:
            continue
        sampled = list(candidates(store.load(summary.id)))
        chosen = select(sampled, strategy, gap=gap, seed=seed)
        yield Choice(summary.id, summary.design, len(sampled), chosen)
