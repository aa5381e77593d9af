"""Which module of a testbench to simulate."""

from __future__ import annotations

from llm4cov_engine.elaboration.syntax import DeclarationKind, Declared


def find_top(declarations: tuple[Declared, ...], dut: str) -> str | None:
    """The module to simulate: the root that has an instance of the DUT's module somewhere below it.

    Args:
        declarations: at the top of the testbench's text.
        dut: name of the DUT's module.

    Returns:
        Another root when none has; None when the text has no module at all.
    """
    modules = {
        one.name: one
        for one in declarations
        if one.kind in (DeclarationKind.MODULE, DeclarationKind.PROGRAM) and one.name
    }
    below = {name for one in declarations for name in one.instantiates if name != one.name}
    roots = [name for name in modules if name not in below] or list(modules)
    reaching = [name for name in roots if _reaches(name, dut, modules)]
    # Of several, the last: helpers stand above what uses them.
    candidates = reaching or roots
    return candidates[-1] if candidates else None


def _reaches(name: str, dut: str, modules: dict[str, Declared]) -> bool:
    seen: set[str] = set()
    ahead = [name]
    while ahead:
        module = modules.get(ahead.pop())
        if module is None or module.name in seen:
            continue
        seen.add(module.name)
        if dut in module.instantiates:
            return True
        ahead += module.instantiates
    return False
