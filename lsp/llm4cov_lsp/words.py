"""What a text is about, as far as its own words tell."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from llm4cov_engine import declared

if TYPE_CHECKING:
    from llm4cov_engine import Declared


@lru_cache(32)
def declarations(text: str) -> tuple[Declared, ...]:
    """What a text declares; remembered for the texts asked about last."""
    return declared(text)


def subjects(text: str) -> tuple[str, ...]:
    """Modules that a text is about, the likeliest first.

    RTL is about its own modules. One without ports is about those that it instantiates, as a testbench is,
    and about none where it has only been begun.
    """
    found = declarations(text)
    own = [each.name for each in found]
    used = [name for each in found for name in each.instantiates if name not in own]
    return tuple(dict.fromkeys([each.name for each in found if each.has_ports] or used))


def is_testbench_for(module: str, text: str) -> bool:
    """Whether a text has a testbench for a module: what instantiates it and has no ports itself.

    One with ports is RTL around the module: nothing drives it.
    """
    return module in text and any(
        module in each.instantiates and not each.has_ports for each in declarations(text)
    )
