"""What reads a design lets go of pyslang's nodes together with it.

A node in a ring of Python objects outlives its design until rings are looked for. Its memory is used again
before that, and the next object of pyslang at the same place ends the process ("unexpected collision").
"""

from __future__ import annotations

import gc
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from llm4cov_engine.coverage.blocks import extents
from llm4cov_engine.elaboration.checking import rtl_problems
from llm4cov_engine.elaboration.elaborating import elaborate
from llm4cov_engine.policy.builtin.known import know
from llm4cov_engine.proof.constant import find_dead_code
from llm4cov_engine.proof.facts import facts_of
from llm4cov_engine.proof.obstacles import find_obstacles
from tests.closure.rtl import design
from tests.engine.policy.builtin.rtl import EVERY_KIND

if TYPE_CHECKING:
    from collections.abc import Callable

    from llm4cov_engine.design.design import Design

READERS: dict[str, Callable[[Design], object]] = {
    "elaboration": elaborate,
    "policy": lambda subject: know(subject, may_scale=True),
    "blocks": extents,
    "dead code": find_dead_code,
    "facts": facts_of,
    "obstacles": find_obstacles,
    "problems": lambda subject: rtl_problems(subject, subject.sources[0].name),
}

SUBJECTS = (*EVERY_KIND.values(), design("async_fifo"), design("small_cpu"), design("serial_lock"))


@pytest.mark.parametrize("reader", READERS)
def test_no_node_outlives_its_design(reader: str) -> None:
    # Texts that nobody has read yet: answers are kept by content.
    fresh = [_with_comment(subject, f"// lifetimes: {reader}") for subject in SUBJECTS]

    def read() -> None:
        for subject in fresh:
            READERS[reader](subject)

    assert _rings_with_nodes(read) == 0


def _with_comment(subject: Design, comment: str) -> Design:
    first, *others = subject.sources
    return replace(subject, sources=(replace(first, text=f"{first.text}\n{comment}\n"), *others))


def _rings_with_nodes(work: Callable[[], object]) -> int:
    """How many objects that only a search for rings frees refer to nodes of pyslang."""
    gc.collect()
    gc.disable()
    try:
        work()
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        return sum(any(_is_node(each) for each in gc.get_referents(kept)) for kept in gc.garbage)
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
        gc.collect()


def _is_node(value: Any) -> bool:
    return type(value).__module__.startswith("pyslang")
