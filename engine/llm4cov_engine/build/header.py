"""The header every generated file begins with, and the options it is compiled with.

A precompiled header is only taken with the options and macros it was made with, so both stand here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from llm4cov_engine.build.compiler import Family

if TYPE_CHECKING:
    from pathlib import Path

    from llm4cov_engine.build.toolchain import Toolchain

QUICK: Final = "-O0"
"""The level of optimisation that is compiled in a blink."""

FAST: Final = "-O1"
"""The level whose programs run three times as fast, and take five to ten times as long to compile."""

CODE: Final = "common.o"
"""The object of what the header itself defines, where the compiler splits that off."""

_MACROS: Final = (
    "-DVERILATOR=1",
    "-DVM_COVERAGE=1",
    "-DVM_SC=0",
    "-DVM_TIMING=1",
    "-DVM_TRACE=0",
    "-DVL_USER_STOP",
    "-DVL_USER_FATAL",
)

# What every generated file includes.
_NARROW: Final = """\
#ifndef LLM4COV_COMMON_H_
#define LLM4COV_COMMON_H_
#include <verilated.h>
#include <verilated_cov.h>
#include <verilated_timing.h>
"""
_END: Final = "#endif\n"

# What some include, the driver's part, and a function that makes the compiler instantiate here, once, what
# nearly every model would instantiate again.
_WIDE: Final = f"""{_NARROW}\
#include <verilated_dpi.h>
#include <verilated_random.h>
#if __has_include(<verilated_sym_props.h>)
#include <verilated_sym_props.h>
#include <verilated_syms.h>
#endif
#include <svdpi.h>
#include "driver.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace llm4cov {{
template <typename Element, std::size_t depth>
inline Element touch(VlUnpacked<Element, depth>& array) {{
    const VlUnpacked<Element, depth>& constant = array;
    return array[0] = constant[0];
}}
template <std::size_t... depths>
inline void touchArrays() {{
    ([] {{
        VlUnpacked<CData, depths> bytes;
        VlUnpacked<SData, depths> shorts;
        VlUnpacked<IData, depths> words;
        VlUnpacked<QData, depths> quads;
        touch(bytes);
        touch(shorts);
        touch(words);
        touch(quads);
    }}(), ...);
}}
template <typename Element>
inline void touchQueue(const Element& element) {{
    VlQueue<Element> queue;
    queue.push_back(element);
    queue.push_front(element);
    VlQueue<Element> copy{{queue}};
    copy = queue;
    copy.atWrite(0) = copy.at(0);
    copy.size();
    copy.pop_front();
    copy.pop_back();
    copy.renew(1);
    copy.clear();
}}
template <typename Key, typename Value>
inline void touchTable(const Key& key, const Value& value) {{
    VlAssocArray<Key, Value> table;
    table.at(key) = value;
    VlAssocArray<Key, Value> copy{{table}};
    Key other = key;
    copy.first(other);
    copy.next(other);
    copy.exists(other);
    copy.erase(other);
    copy.size();
    copy.clear();
}}
template <typename Variable>
inline void touchConstraint(VlRandomizer& randomizer, Variable& variable) {{
    randomizer.write_var(variable, 1ULL, "x", 0ULL);
}}
inline void warmUp(VerilatedContext* contextp, VlProcessRef process) {{
    touchArrays<1, 2, 3, 4, 8, 16, 32>();
    VlUnpacked<QData, 1> triggers;
    triggers.fill(0);
    touchQueue<CData>(1);
    touchQueue<SData>(1);
    touchQueue<IData>(1);
    touchQueue<QData>(1);
    touchQueue<std::string>("");
    touchTable<IData, IData>(1, 1);
    touchTable<IData, CData>(1, 1);
    touchTable<std::string, IData>("", 1);
    VlRandomizer randomizer;
    VlRandomizer copied{{randomizer}};
    copied = randomizer;
    CData byte = 0;
    SData half = 0;
    IData word = 0;
    QData quad = 0;
    touchConstraint(copied, byte);
    touchConstraint(copied, half);
    touchConstraint(copied, word);
    touchConstraint(copied, quad);
    VlForkSync fork;
    VlForkSync joined{{fork}};
    joined.init(1, process);
    std::vector<VlEvent*> events;
    events.push_back(nullptr);
    for (VlEvent* eventp : events) static_cast<void>(eventp);
    events.clear();
    std::vector<VlDeletable*> deletables;
    deletables.push_back(nullptr);
    VlDeleter deleter;
    VlDelayScheduler delays{{*contextp}};
    VlTriggerScheduler trigger;
    std::unique_ptr<VerilatedContext> context{{new VerilatedContext}};
    std::string text{{"a"}};
    text = 'b' + std::move(text) + 'c' + text + "d";
    text.append(1, 'e');
    text.insert(0, 1, 'f');
    std::vector<std::string> texts{{text}};
}}
}}  // namespace llm4cov
{_END}"""


@dataclass(frozen=True, slots=True)
class Header:
    """One way to make the header.

    Attributes:
        text: its contents.
        flags: compiler options to make and to use it with, besides the common ones.
        has_code: what it defines is compiled once into an object of its own, and linked.
    """

    text: str
    flags: tuple[str, ...] = ()
    has_code: bool = False


# A wider header costs GCC, which maps the precompiled one as a whole, more time than it saves.
_CANDIDATES: Final = {
    Family.CLANG: (
        Header(_WIDE, ("-fpch-instantiate-templates", "-fpch-codegen"), has_code=True),
        Header(_NARROW + _END),
    ),
    Family.GCC: (Header(_NARROW + _END),),
}


def candidates(family: Family) -> tuple[Header, ...]:
    """Headers for a compiler, the best first; another release's runtime may not take it."""
    return _CANDIDATES[family]


def name(level: str) -> str:
    """Name of the header's file for a level of optimisation."""
    return f"common{level}.h"


def precompiled(family: Family, level: str) -> str:
    """Name of the precompiled header's file."""
    return f"{name(level)}.pch" if family is Family.CLANG else f"{name(level)}.gch"


def common_flags(toolchain: Toolchain, optimisation: str) -> tuple[str, ...]:
    """Options for everything that is compiled against Verilator's headers."""
    include = toolchain.verilator.include
    return (
        *toolchain.compiler.language_flags,
        optimisation,
        "-w",
        "-I",
        str(include),
        "-I",
        str(include / "vltstd"),
        *_MACROS,
    )


def use_flags(family: Family, header: Header, folder: Path, level: str) -> tuple[str, ...]:
    """Options with which generated code takes the header."""
    path = str(folder / name(level))
    if family is Family.CLANG:
        return (*header.flags, "-include-pch", f"{path}.pch", "-I", str(folder))
    # GCC takes header.gch when it finds it beside the header.
    return (*header.flags, "-include", path, "-I", str(folder))
