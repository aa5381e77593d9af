"""Which complaints of elaboration stop everything, and what to tell the user about them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pyslang.ast import SymbolKind

from llm4cov_engine.elaboration.compilation import code_of
from llm4cov_engine.elaboration.records import Severity
from llm4cov_engine.elaboration.syntax import DeclarationKind, declarations
from llm4cov_engine.errors import ElaborationError

if TYPE_CHECKING:
    from pyslang.ast import InstanceSymbol

    from llm4cov_engine.design.design import Design
    from llm4cov_engine.elaboration.compilation import Compiled
    from llm4cov_engine.elaboration.records import Problem

_SHOWN = 5
"""How many reasons of one kind an error lists."""

_ADD = (
    "Add the file that declares {it} (with `rtl` in llm4cov.toml or in the filelist), "
    "or choose another top with --top."
)

_SYNTAX = "syntax"

_SIZE = "size"

_SIZES = {"ValueMustBePositive", "ValueMustNotBeUnknown"}
"""Ranges, repetitions and casts of a size that is none: Verilator refuses them even in code that never runs,
with an internal error at times."""

_REMEDIES = {
    "CouldNotOpenIncludeFile": "Give the folder of the file with -I or with `include_dirs` in llm4cov.toml.",
    "UnknownDirective": (
        "Define the macro with -D or with `defines` in llm4cov.toml, or add the header that defines it."
    ),
    _SYNTAX: "Mend the file, or leave it out with `exclude` in llm4cov.toml if the top does not need it.",
    "UnknownPackage": _ADD.format(it="the package"),
    "UnknownInterface": _ADD.format(it="the interface"),
    "UnknownModule": _ADD.format(it="the module"),
    "UnknownPrimitive": _ADD.format(it="the primitive"),
    "ParamHasNoValue": "Give the parameter a value where it is instantiated, or a default.",
    _SIZE: (
        "Give the parameters it depends on other values under [design.parameters] in llm4cov.toml, "
        "or choose with --top a module that does."
    ),
    "InvalidParamOverrideOpt": "Only parameters with a value can be overridden; correct `parameters`.",
}
"""Code to remedy, the cause before its consequences."""

_VENDOR_CELL = re.compile(
    r"^(SB_|BUFG|BUFH|BUFR|IBUF|OBUF|IOBUF|OBUFT|MMCM|PLLE|PLL_|DCM|RAMB\d|RAM\d+[XM]|FD[RSCP]E?$|LUT\d|DSP48|"
    r"SRL\d|ISERDES|OSERDES|IDDR|ODDR|IDELAY|STARTUP|BSCAN|ICAP|GTX|GTH|XADC|EHXPLL|TRELLIS_|DP16K|DCCA|"
    r"USRMCLK|ALT|alt(pll|syncram|ddio|clk|mult|iobuf|era)|cyclone|stratix|arria|fourteennm|lpm_|sky130_|"
    r"gf180mcu|sg13g2_|xpm_|CC_|rPLL|OSC[HG]?$)"
)


def is_vendor_cell(module: str) -> bool:
    """Whether a module's name is one of an FPGA or standard-cell library's families."""
    return _VENDOR_CELL.match(module) is not None


def usable_top(design: Design, unit: Compiled) -> InstanceSymbol:
    """The elaborated top.

    Raises:
        ElaborationError: it is not there, or something without which it cannot be simulated is not.
    """
    if unit.top is None:
        raise _no_top(design, unit)
    _check_parameters(design, unit.top)
    reasons = _reasons(unit)
    for code, remedy in _REMEDIES.items():
        if found := reasons.get(code):
            because = _parameters(unit.top) if code == _SIZE else ""
            raise ElaborationError(because + _sentence(found), _vendor_remedy(found) or remedy)
    for symbol in unit.top.body.portList:
        if symbol.kind == SymbolKind.Port and symbol.type.isError:
            errors = [problem for problem in _errors(unit) if problem.span is not None]
            what = f"The type of port '{symbol.name}' of '{design.top}' cannot be resolved"
            raise ElaborationError(
                f"{what}: {_sentence(errors)}" if errors else f"{what}.",
                "Mend the RTL, or override `parameters` in llm4cov.toml if the type depends on one.",
            )
    return unit.top


def _no_top(design: Design, unit: Compiled) -> ElaborationError:
    names = sorted(
        {
            each.name
            for each in declarations(unit.tree.root, unit.reader.places)
            if each.kind is DeclarationKind.MODULE
        }
    )
    shown = ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")
    return ElaborationError(
        f"There is no module '{design.top}' in the sources.",
        f"Choose one of these with --top: {shown}." if names else "The sources declare no module at all.",
    )


def _check_parameters(design: Design, top: InstanceSymbol) -> None:
    known = [symbol for symbol in top.body.parameters if not symbol.isLocalParam]
    names = [symbol.name for symbol in known]
    for name in design.parameters:
        if name not in names:
            raise ElaborationError(
                f"'{design.top}' has no parameter '{name}' to override.",
                f"Its parameters are: {', '.join(names)}." if names else "It has no parameters.",
            )
    for symbol in known:
        missing = (
            symbol.targetType.type.isError
            if symbol.kind == SymbolKind.TypeParameter
            else symbol.initializer is None and symbol.value.value is None
        )
        if missing:
            raise ElaborationError(
                f"Parameter '{symbol.name}' of '{design.top}' has no default value.",
                "Give it one under [design.parameters] in llm4cov.toml.",
            )


def _reasons(unit: Compiled) -> dict[str, list[Problem]]:
    """Errors that stop everything, by the code whose remedy they have."""
    found: dict[str, list[Problem]] = {}
    syntax = {(code_of(each), each.location) for each in unit.tree.diagnostics}
    for each in unit.compilation.getAllDiagnostics():
        code = _SIZE if code_of(each) in _SIZES else code_of(each)
        if code not in _REMEDIES:
            if (code, each.location) not in syntax:
                continue
            code = _SYNTAX
        problem = unit.reader.problem(each)
        if problem.severity is Severity.ERROR:
            found.setdefault(code, []).append(problem)
    return found


def _parameters(top: InstanceSymbol) -> str:
    """The values of the top's parameters, as the beginning of a sentence."""
    values = [
        f"{symbol.name} = {symbol.value}"
        for symbol in top.body.parameters
        if symbol.kind == SymbolKind.Parameter and not symbol.isLocalParam
    ]
    more = ", ..." if len(values) > _SHOWN else ""
    return f"With {', '.join(values[:_SHOWN])}{more}: " if values else ""


def _errors(unit: Compiled) -> list[Problem]:
    problems = (unit.reader.problem(each) for each in unit.compilation.getAllDiagnostics())
    return [problem for problem in problems if problem.severity is Severity.ERROR]


def _sentence(problems: list[Problem]) -> str:
    """The first reasons with file and line."""
    shown = [
        f"{problem.span.file}:{problem.span.line}: {problem.message}" if problem.span else problem.message
        for problem in problems[:_SHOWN]
    ]
    more = len(problems) - len(shown)
    return "; ".join(dict.fromkeys(shown)) + (f"; and {more} more." if more else ".")


def _vendor_remedy(problems: list[Problem]) -> str | None:
    names = [name for each in problems for name in re.findall(r"unknown module '([^']+)'", each.message)]
    cells = sorted({name for name in names if is_vendor_cell(name)})
    if not cells:
        return None
    return (
        f"{', '.join(cells)} looks like a vendor's cell: add the vendor's simulation model, "
        "or choose a top below it with --top."
    )
