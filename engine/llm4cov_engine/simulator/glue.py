"""C++ between the prebuilt driver and a generated model."""

from __future__ import annotations

_GLUE = """
#include "{prefix}.h"
{includes}
namespace {{
class Glue final : public llm4cov::Model {{
    {prefix} m_model;

public:
    explicit Glue(VerilatedContext* contextp)
        : m_model{{contextp, ""}} {{{body}}}
    void eval() override {{ m_model.eval(); }}
    bool eventsPending() override {{ return m_model.eventsPending(); }}
    uint64_t nextTimeSlot() override {{ return m_model.nextTimeSlot(); }}
    void final() override {{ m_model.final(); }}
}};
}}  // namespace

llm4cov::Model* llm4cov::makeModel(VerilatedContext* contextp) {{ return new Glue{{contextp}}; }}
"""

_KEEP = """
        auto& counters = m_model.rootp->vlSymsp->__Vcoverage;
        llm4cov::keepCounters("", counters, std::size(counters));
    """


def glue(prefix: str, *, counted: bool) -> str:
    """What implements `llm4cov::makeModel` (driver.h) for the model class `prefix`.

    Args:
        counted: the model's counters are to be written as they are, because it registers none.
    """
    includes = f'#include "{prefix}__Syms.h"\n' if counted else ""
    return _GLUE.format(prefix=prefix, includes=includes, body=_KEEP if counted else "")
