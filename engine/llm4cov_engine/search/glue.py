"""The C++ that connects a verilated DUT to the search's driver."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from llm4cov_engine.elaboration.records import Port

# What a copy of a model's bytes does not copy: anything that owns memory elsewhere.
_OWNERS: Final = re.compile(
    r"\bstd::|\bVl(?:Queue|AssocArray|ClassRef|DelayScheduler|TriggerScheduler|DynamicTriggerScheduler|"
    r"ProcessRef|ForkSync|Coroutine|Randomizer|NBACommitQueue|SampleQueue|Event|AssignableEvent|Class)\b"
)
_COUNTERS: Final = re.compile(r"uint32_t __Vcoverage\[(\d+)\]")

# A model that is made again need not register its points again.
_REGISTRATION: Final = re.compile(r"(::__vlCover(?:Toggle)?Insert\([^{;]*\) \{)")

_GLUE: Final = """
#include "{prefix}.h"
#include "{prefix}__Syms.h"

#include "subject.h"

namespace {{
template <class T> uint32_t bytesOf(const T&) {{ return sizeof(T); }}
template <class T, size_t N> uint32_t bytesOf(const VlUnpacked<T, N>& array) {{ return bytesOf(array[0]); }}
template <class T> llm4cov::Port port(T& storage) {{ return {{&storage, bytesOf(storage)}}; }}

class Glue final : public llm4cov::Subject {{
    {prefix} m_model;
    std::vector<llm4cov::Port> m_ports;

    auto* symbols() {{ return m_model.rootp->vlSymsp; }}

public:
    explicit Glue(VerilatedContext* contextp)
        : m_model{{contextp, "TOP"}} {{
{ports}
    }}
    void eval() override {{ m_model.eval(); }}
    bool eventsPending() override {{ return m_model.eventsPending(); }}
    uint64_t nextTimeSlot() override {{ return m_model.nextTimeSlot(); }}
    uint32_t* counters() override {{ return symbols()->__Vcoverage; }}
    size_t counterCount() override {{ return {counters}; }}
    void* memory() override {{ return symbols(); }}
    size_t memorySize() override {{ return {memory}; }}
    const std::vector<llm4cov::Port>& ports() override {{ return m_ports; }}
}};
}}  // namespace

std::unique_ptr<llm4cov::Subject> llm4cov::makeSubject(VerilatedContext* contextp) {{
    return std::make_unique<Glue>(contextp);
}}
"""


class NotDrivableError(Exception):
    """The generated model is not what the search expects; the message is a clause that says why."""


def write_glue(model: Path, prefix: str, ports: Iterable[Port]) -> str:
    """The glue for a generated model, which is made fit for it in place.

    Args:
        model: the folder of the generated C++.
        prefix: name of the model's class.
        ports: the DUT's ports in the order in which the driver will number them.

    Raises:
        NotDrivableError: a port is not there, or nothing counts coverage.
    """
    header = (model / f"{prefix}.h").read_text("utf-8", "replace")
    declared = set(re.findall(r"\bVL_(?:IN|OUT|INOUT)\w*\(\(?&(\w+)", header))
    declared |= set(re.findall(r"^\s*VlUnpacked<.*>\s*&(\w+);", header, re.MULTILINE))
    lines = []
    for port in ports:
        name = cpp_name(port.name)
        if name not in declared:
            name = f"__SYM__{name}"
        if name not in declared:
            raise NotDrivableError(f"Verilator has no port {port.name}")
        lines.append(f"        m_ports.push_back(port(m_model.{name}));")
    symbols = (model / f"{prefix}__Syms.h").read_text("utf-8", "replace")
    counters = _COUNTERS.search(symbols)
    if counters is None:
        raise NotDrivableError("it has no coverage points")
    for path in model.glob(f"{prefix}*.cpp"):
        text = path.read_text("utf-8", "surrogateescape")
        changed = _REGISTRATION.sub(r"\1\n    if (!llm4cov::registering) return;", text)
        if changed != text:
            path.write_text(changed, "utf-8", "surrogateescape")
    memory = f"sizeof({prefix}__Syms)" if _is_plain(model, prefix) else "0"
    return _GLUE.format(prefix=prefix, ports="\n".join(lines), counters=counters[1], memory=memory)


def cpp_name(name: str) -> str:
    """A port's name as Verilator writes it in C++."""
    encoded = re.sub(r"[^A-Za-z0-9_]", lambda match: f"__0{ord(match[0]):02x}", name)
    # Two underscores in a row have a meaning of their own there.
    return re.sub(r"__(?!0[0-9a-f]{2})", "___05F", encoded) if "__" in name else encoded


def _is_plain(model: Path, prefix: str) -> bool:
    """Whether a copy of the model's bytes is a copy of the model."""
    headers = (path for path in model.glob(f"{prefix}_*.h") if not path.name.endswith("__pch.h"))
    return not any(_OWNERS.search(path.read_text("utf-8", "replace")) for path in headers)
