"""Mends the stub and the C++ that Verilator's --lib-create generates.

What is generated differs from the flat model in four ways, which are mended here:

- It deletes the model at the end, counters included; they are registered with the driver instead, per
  instance, and nothing is deleted.
- It has no parameters; they are put back, with a check that a testbench gives them the values that the DUT
  was compiled with.
- Ports stand in an order of its own.
- Its inputs are all zero until something changes, so a clock or an asynchronous reset that starts at 1 has an
  edge at time 0 that is not there. As in a flat model, the values that inputs are declared with are handed
  over before anything runs, those they have when the DUT's initial blocks run before these do, and those that
  all initial blocks leave before the first evaluation. Where a testbench drives inputs from outputs, the DUT
  is evaluated more than once until both are at rest: what only earlier evaluations saw is counted in doubt.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_INDENT: Final = " " * 8
_DECLARATION: Final = re.compile(r"\b([A-Za-z_]\w*)\s*((?:\[[^][]*\]\s*)*)$")
_TIME: Final = re.compile(r"^( *)// (time(?:unit|precision) [^;\n]+;)$", re.MULTILINE)
_LITERAL: Final = re.compile(r"""-?\d+|\d+'s?[bdho][0-9a-fA-F_]+|"[^"\\\n]*\"""")
_MEMBER: Final = re.compile(r"handlep__V->\w+")
_WORD: Final = re.compile(r"[A-Za-z_]\w*")


class UnsplittableError(ValueError):
    """The DUT cannot be compiled apart from its testbench; the message is half a sentence that says why."""


@dataclass(frozen=True, slots=True)
class _Input:
    """An input: its declaration in the stub, its parameter in C++, the C++ statement that sets it."""

    name: str
    declaration: str
    parameter: str
    statement: str


@dataclass(frozen=True, slots=True)
class Wrapper:
    """The mended pair: SystemVerilog of the stub, C++ around the model."""

    stub: str
    code: str


def mended(
    stub: str, code: str, *, prefix: str, top: str, ports: Sequence[str], parameters: Mapping[str, str]
) -> Wrapper:
    """Mend a generated stub and the C++ behind it.

    Args:
        prefix: the name of the model's class.
        top: the DUT's module.
        ports: its ports in their own order.
        parameters: its parameters with their values, as far as a testbench may repeat them.

    Raises:
        UnsplittableError: the texts are not what they are expected to be.
    """
    clocks = _inputs(stub, code, top, "seq_update")
    others = _inputs(stub, code, top, "combo_update")
    return Wrapper(
        _mended_stub(stub, top, ports, parameters, clocks, others),
        _mended_code(code, prefix, top, clocks, others),
    )


def _mended_stub(
    text: str,
    top: str,
    ports: Sequence[str],
    parameters: Mapping[str, str],
    clocks: Sequence[_Input],
    others: Sequence[_Input],
) -> str:
    head = _between(text, f"module {top} (\n", "\n    );")
    declared = {_name(each): each for each in _declarations(head)}
    if sorted(declared) != sorted(ports):
        raise UnsplittableError("its ports have names or types that a library cannot have")
    own = {name: value for name, value in parameters.items() if _LITERAL.fullmatch(value)}
    header = f"module {top}"
    if own:
        header += " #(\n" + ",\n".join(f"{_INDENT}parameter {name} = {own[name]}" for name in own) + "\n    )"
    header += " (\n" + ",\n".join(_INDENT + declared[name] for name in ports) + "\n    );"
    text = _once(text, f"module {top} (\n{head}\n    );", header)
    text = _TIME.sub(r"\1\2", text)
    create = f'import "DPI-C" function chandle {top}_protectlib_create('
    begin = f'    import "DPI-C" function void {top}_protectlib'
    early = "".join(f",\n{_INDENT}{each.declaration}" for each in clocks)
    all_ = [*clocks, *others]
    late = "".join(f",\n{_INDENT}{each.declaration}" for each in all_)
    text = _once(
        text,
        f"{create}string scope__V);",
        f"{create}\n{_INDENT}string scope__V{early}\n    );\n"
        f"{begin}_init(\n{_INDENT}chandle handle__V{late}\n    );\n"
        f"{begin}_settle(\n{_INDENT}chandle handle__V{late}\n    );",
    )
    call = f'{top}_protectlib_create($sformatf("%m")'
    given = "".join(f", {each.name}" for each in clocks)
    text = _once(text, "    chandle handle__V;\n", f"    chandle handle__V = {call}{given});\n")
    names = "".join(f", {each.name}" for each in all_)
    started = f"        {top}_protectlib_init(handle__V{names});\n    end\n"
    text = _once(text, f"        handle__V = {call});\n    end\n", started + _last(top, names))
    checks = "".join(
        # $error is no error to Verilator here, a module that is not there is.
        f"    if ({name} != {value}) the_DUT_was_compiled_with_another_{name} other_{name}();\n"
        for name, value in own.items()
    )
    return _once(text, "\nendmodule\n", f"\n{checks}endmodule\n")


def _last(top: str, names: str) -> str:
    """What runs after all other initial blocks: one that waits, of the innermost module."""
    return (
        "    event never__V;\n    initial begin\n"
        f"        {top}_protectlib_settle(handle__V{names});\n        @(never__V);\n    end\n"
    )


def _mended_code(text: str, prefix: str, top: str, clocks: Sequence[_Input], others: Sequence[_Input]) -> str:
    container, root = f"{prefix}_container", f"{prefix}___024root"
    text = _once(
        text,
        f'#include "{prefix}.h"\n',
        f'#include "{prefix}__Syms.h"\n#include <cstring>\n'
        f"VL_ATTR_COLD void {root}___eval_static({root}* vlSelf);\n"
        f"VL_ATTR_COLD void {root}___eval_initial({root}* vlSelf);\n",
    )
    text = _once(
        text,
        "long long m_seqnum;",
        "long long m_seqnum = 1;\n    bool m_settling = true;\n    bool m_evaluated = false;",
    )
    text = _once(
        text,
        f"    {prefix}(scopep__V) {{}}\n",
        f"    {prefix}(scopep__V) {{\n"
        f"{_INDENT}auto& counters = rootp->vlSymsp->__Vcoverage;\n"
        f"{_INDENT}llm4cov::keepCounters(scopep__V, counters, std::size(counters));\n    }}\n",
    )
    early = "".join(f", {each.parameter}" for each in clocks)
    early_set = "".join(f"{_INDENT}{each.statement}\n" for each in clocks)
    late = "".join(f", {each.parameter}" for each in [*clocks, *others])
    late_set = "".join(f"{_INDENT}{each.statement}\n" for each in [*clocks, *others])
    text = _once(
        text, "_protectlib_create(const char* scopep__V)", f"_protectlib_create(const char* scopep__V{early})"
    )
    made = f"        {container}* const handlep__V = new {container}{{scopep__V}};\n"
    # The precision of time is the testbench model's, which knows both.
    text = _once(
        text,
        f"{made}        return handlep__V;\n    }}\n",
        f"        VerilatedContext* const contextp = Verilated::threadContextp();\n"
        f"        const int unit = contextp->timeunit();\n"
        f"        const int precision = contextp->timeprecision();\n"
        f"{made}"
        f"        contextp->timeunit(unit);\n"
        f"        contextp->timeprecision(precision);\n"
        f"{early_set}"
        f"        {root}___eval_static(handlep__V->rootp);\n"
        f"        return handlep__V;\n    }}\n\n"
        f"    void {top}_protectlib_init(void* vhandlep__V{late}) {{\n"
        f"        {container}* const handlep__V = static_cast<{container}*>(vhandlep__V);\n"
        f"{late_set}"
        f"        {root}___eval_initial(handlep__V->rootp);\n    }}\n\n"
        f"    void {top}_protectlib_settle(void* vhandlep__V{late}) {{\n"
        f"        {container}* const handlep__V = static_cast<{container}*>(vhandlep__V);\n"
        f"{late_set}"
        f"        llm4cov::beginSettling(handlep__V->rootp->vlSymsp->__Vcoverage);\n    }}\n",
    )
    if others:
        text = _with_doubts(text, top, others)
    if clocks:
        first = f"{_INDENT}{clocks[0].statement}\n"
        head, function, body = text.partition(f"long long {top}_protectlib_seq_update(")
        text = head + function + body.replace(first, f"{_INDENT}handlep__V->m_settling = false;\n{first}", 1)
    return _once(text, "        delete handlep__V;\n", "")


def _with_doubts(text: str, top: str, inputs: Sequence[_Input]) -> str:
    """The C++ whose combinational update notices inputs that change while time 0 begins."""
    members = [match.group() for each in inputs if (match := _MEMBER.search(each.statement))]
    if len(members) != len(inputs):
        raise UnsplittableError("its ports are passed in a way that is not known here")
    before = "".join(
        f"{_INDENT}    const auto before{number} = {member};\n" for number, member in enumerate(members)
    )
    differs = " || ".join(
        f"std::memcmp(&before{number}, &{member}, sizeof before{number}) != 0"
        for number, member in enumerate(members)
    )
    sets = "".join(f"{_INDENT}{each.statement}\n" for each in inputs)
    head, function, body = text.partition(f"long long {top}_protectlib_combo_update(")
    settling = (
        f"{_INDENT}if (handlep__V->m_settling && Verilated::threadContextp()->time() == 0) {{\n"
        f"{before}{sets}"
        f"{_INDENT}    if (handlep__V->m_evaluated && ({differs})) {{\n"
        f"{_INDENT}        llm4cov::doubtCounters(handlep__V->rootp->vlSymsp->__Vcoverage);\n"
        f"{_INDENT}    }}\n"
        f"{_INDENT}    handlep__V->m_evaluated = true;\n"
        f"{_INDENT}}}\n"
    )
    if sets not in body:
        raise UnsplittableError("the generated library has a form that is not known here")
    return head + function + body.replace(sets, settling + sets, 1)


def without_beginning(text: str, prefix: str) -> str:
    """The model's own C++ file without what `mended` calls itself, at the times it should run.

    Raises:
        UnsplittableError: the text is not what it is expected to be.
    """
    root = f"{prefix}___024root"
    for step in ("static", "initial"):
        text = _once(text, f"        {root}___eval_{step}(&(vlSymsp->TOP));\n", "")
    return text


def with_true_paths(text: str, top: str) -> str:
    """Generated C++ in which %m prints the path that an instance has below the testbench."""
    return re.sub(rf'(\'M\',vlSymsp->name\(\),")(?:{re.escape(top)}\.|{re.escape(top)}(?="))', r"\1", text)


def _inputs(stub: str, code: str, top: str, function: str) -> list[_Input]:
    """The inputs that a function of the library takes; none where there is no such function."""
    sv, cpp = f"longint {top}_protectlib_{function}(\n", f"long long {top}_protectlib_{function}(\n"
    if sv not in stub and cpp not in code:
        return []
    declarations = _declarations(_between(stub, sv, "\n    );"))[1:]
    parameters = [each.strip() for each in _between(code, cpp, "\n    ) {").split(",\n")][1:]
    body = code.partition(cpp)[2].partition("static_cast<")[2].partition("handlep__V->eval();")[0]
    statements = [line.strip() for line in body.split("\n")[1:] if line.strip()]
    pairs = zip(declarations, parameters, strict=False)
    inputs = [(declared, passed) for declared, passed in pairs if declared.startswith("input ")]
    if len(parameters) != len(declarations) or len(statements) != len(inputs):
        raise UnsplittableError("its ports are passed in a way that is not known here")
    return [
        _Input(_name(declared), declared, passed, statement)
        for (declared, passed), statement in zip(inputs, statements, strict=True)
    ]


def _declarations(text: str) -> list[str]:
    """The declarations of a list with one to a line, structs over several lines more deeply indented."""
    return [each.strip() for each in re.split(rf"(?:^|\n){_INDENT}(?:, )?(?=\w)", text) if each.strip()]


def _name(declaration: str) -> str:
    """The name a declaration declares; unpacked dimensions may follow it."""
    match = _DECLARATION.search(declaration)
    if match is None or not _WORD.fullmatch(match.group(1)):
        raise UnsplittableError("a port has a name that a library cannot have")
    return match.group(1)


def _between(text: str, begin: str, end: str) -> str:
    if text.count(begin) != 1:
        raise UnsplittableError("the generated library has a form that is not known here")
    return text.partition(begin)[2].partition(end)[0]


def _once(text: str, old: str, new: str) -> str:
    if text.count(old) != 1:
        raise UnsplittableError("the generated library has a form that is not known here")
    return text.replace(old, new)
