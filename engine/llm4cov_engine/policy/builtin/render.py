"""From decisions to SystemVerilog text."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from llm4cov_engine.elaboration.syntax import spelled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jinja2 import Environment

    from llm4cov_engine.policy.builtin.bench import Bench
    from llm4cov_engine.policy.builtin.plan import Phase
    from llm4cov_engine.policy.builtin.signals import Signal
    from llm4cov_engine.policy.builtin.values import Field

LINE = 100
"""Width of generated lines, where lists are broken."""


def testbench_text(bench: Bench, phases: Sequence[Phase], seed: int) -> str:
    """A whole testbench."""
    return _aired(
        _templates()
        .get_template("testbench.sv.j2")
        .render(
            bench=bench,
            seed=seed,
            parameters=parameters_text(bench),
            phases=phase_tasks(bench, phases),
            calls=phase_calls(phases),
        )
    )


def kit_text(bench: Bench) -> str:
    """The part of a testbench that phases build on, for one that has signals of its own."""
    return _aired(_templates().get_template("kit.sv.j2").render(bench=bench))


def _aired(text: str) -> str:
    """The text with an empty line after every block of the module."""
    return re.sub(r"(\n  (?:end\w*|\);|\};)\n)(?=  \S)", r"\1\n", text)


def phase_tasks(bench: Bench, phases: Sequence[Phase]) -> str:
    """One task per phase, each followed by an empty line."""
    macros = _templates().get_template("phases.sv.j2").module
    texts: list[str] = []
    for phase in phases:
        body = getattr(macros, phase.kind.value)(phase, bench)
        texts.append(f"{macros.head(phase)}{body}  endtask\n\n")  # type: ignore[attr-defined]
    return "".join(texts)


def phase_calls(phases: Sequence[Phase], prefix: str = "", indent: str = "    ") -> str:
    """A line per phase that calls its task."""
    return "".join(f"{indent}{prefix}phase_{phase.number}();\n" for phase in phases)


@cache
def _templates() -> Environment:
    made = environment("llm4cov_engine.policy.builtin")
    made.globals.update(listing=_listing, choices=_choices)
    return made


def environment(package: str) -> Environment:
    """The templates of a package, with delimiters that are no SystemVerilog."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader(package),
        undefined=StrictUndefined,
        variable_start_string="@{",
        variable_end_string="}",
        line_statement_prefix="%%",
        block_start_string="@%",
        block_end_string="%@",
        comment_start_string="@#",
        comment_end_string="#@",
        keep_trailing_newline=True,
        autoescape=False,
    )
    made.filters.update(spelled=spelled)
    return made


def _listing(signal: Signal) -> str:
    """The values of a signal as the lines of an assignment pattern."""
    return _wrapped([signal.number(value) for value in signal.around], "      ")


def _choices(signal: Signal, field: Field) -> str:
    """The values of a field as a further argument; "" for none."""
    if not field.values:
        return ""
    return ", '{\n" + _wrapped([signal.number(value) for value in field.values], "      ") + "\n    }"


def _wrapped(items: Sequence[str], indent: str) -> str:
    """Items with commas between them, broken into lines."""
    lines: list[str] = []
    line = ""
    for index, item in enumerate(items):
        piece = item + ("," if index < len(items) - 1 else "")
        if line and len(indent) + len(line) + 1 + len(piece) > LINE:
            lines.append(indent + line)
            line = ""
        line = f"{line} {piece}" if line else piece
    return "\n".join([*lines, indent + line])


def parameters_text(bench: Bench) -> str:
    """The DUT's parameter overrides: "" or " #(.WIDTH(8), .DEPTH(4))"."""
    if not bench.parameters:
        return ""
    return " #(" + ", ".join(f".{spelled(name)}({value})" for name, value in bench.parameters) + ")"
