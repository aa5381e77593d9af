"""The design as a prompt shows it: files, ports, documents, targets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llm4cov_engine.coverage.target import POINTS, SCORE
from llm4cov_engine.elaboration import elaborate
from llm4cov_engine.elaboration.outline import LEFT_OUT, outlined
from llm4cov_engine.elaboration.records import Direction
from llm4cov_engine.elaboration.syntax import DeclarationKind, declared

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from llm4cov_engine.coverage.coverage import Coverage
    from llm4cov_engine.coverage.target import Target
    from llm4cov_engine.design.design import Design, SourceFile
    from llm4cov_engine.elaboration.records import Elaboration, Instance, Port
    from llm4cov_engine.policy.chat.detail import Detail

_MOST_NAMED = 12
_COMMENT = re.compile(r'"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/', re.DOTALL)
_KEPT = ('"', LEFT_OUT)
_BLANK_LINES = re.compile(r"(?:[ \t]*\n){2,}")


@dataclass(frozen=True, slots=True)
class Shown:
    """A text as the prompt shows it."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class ShownPort:
    """A port of the top.

    Attributes:
        declaration: "input logic[7:0] data [0:3]".
        role: "clock", "reset, active low, asynchronous", "" for none that is known.
    """

    declaration: str
    role: str


def ports(elaboration: Elaboration) -> list[ShownPort]:
    """The ports of the top, in their order."""
    clocks = {clock.port: f"clock ({', '.join(clock.edges)})" for clock in elaboration.clocks}
    resets = {
        reset.port: f"reset, active {'low' if reset.active_low else 'high'}, "
        f"{'asynchronous' if reset.asynchronous else 'synchronous'}"
        for reset in elaboration.resets
    }
    return [
        ShownPort(_declaration(port), clocks.get(port.name) or resets.get(port.name, ""))
        for port in elaboration.ports
    ]


def _declaration(port: Port) -> str:
    dimensions = "".join(f" [{left}:{right}]" for left, right in port.unpacked)
    if port.direction is Direction.INTERFACE:
        modport = f".{port.modport}" if port.modport else ""
        return f"{port.interface}{modport} {port.name}{dimensions}"
    return f"{port.direction} {port.type} {port.name}{dimensions}"


def target_name(target: Target) -> str:
    """A target's kind and place: "score", "branch coverage of u_ctrl"."""
    kinds = {SCORE: "score", POINTS: "ratio of all points"}
    kind = kinds.get(target.metric, f"{target.metric.replace('_', ' ')} coverage")
    return f"{kind} of {target.instance}" if target.instance else kind


def by_importance(design: Design, coverage: Coverage | None) -> tuple[str, ...]:
    """The modules below the top, those a model can best do without first.

    What is not part of the hierarchy goes first, then what is covered already, then what lies deep.
    """
    depths: dict[str, int] = {}
    for depth, module in _walk(elaborate(design).hierarchy):
        depths.setdefault(module, depth)
    missed: dict[str, int] = {}
    for point in coverage.points if coverage else ():
        if not point.hits and point.exclusion is None:
            missed[point.module_name] = missed.get(point.module_name, 0) + 1
    sizes = {
        each.name: each.span.end_line - each.span.line
        for source in design.sources
        for each in declared(source.text, source.name)
        if each.kind is DeclarationKind.MODULE and each.name != design.top
    }
    deepest = 1 + max(depths.values(), default=0)

    def importance(module: str) -> tuple[int, int, int, str]:
        return (missed.get(module, 0), -depths.get(module, deepest), -sizes[module], module)

    return tuple(sorted(sizes, key=importance))


def _walk(instance: Instance, depth: int = 0) -> Iterator[tuple[int, str]]:
    yield depth, instance.module
    for child in instance.children:
        yield from _walk(child, depth + 1)


@dataclass(frozen=True, slots=True)
class ShownDesign:
    """What a prompt shows of a design.

    Attributes:
        cuts: what was left out, a few words each.
    """

    files: tuple[Shown, ...]
    specs: tuple[Shown, ...]
    cuts: tuple[str, ...]


def shown(design: Design, detail: Detail, modules: tuple[str, ...]) -> ShownDesign:
    """Cut a design to a detail.

    Args:
        modules: as `by_importance` orders them.
    """
    cuts: list[str] = []
    sources = design.sources
    if not detail.others:
        sources = tuple(each for each in sources if _declares(each, design.top)) or sources
        if len(sources) < len(design.sources):
            cuts.append("every file but " + " and ".join(each.name for each in sources))
    short = modules[: detail.outlined] if detail.others else modules
    if short:
        cuts.append(f"the bodies of the modules {_named([f'`{name}`' for name in short])}")
    texts = {each.name: outlined(each.text, short) for each in sources}
    if detail.body is not None:
        before = texts
        texts = {name: outlined(text, (design.top,), keep=detail.body) for name, text in texts.items()}
        if texts != before:
            cuts.append(f"{'the end' if detail.body else 'all'} of the body of `{design.top}`")
    if not detail.comments:
        before = texts
        texts = {name: without_comments(text) for name, text in texts.items()}
        if texts != before:
            cuts.append("comments")
    files = [Shown(name, text.strip("\n")) for name, text in texts.items()]
    if detail.headers:
        files = [*(Shown(header.name, header.text.strip("\n")) for header in design.headers), *files]
    elif design.headers and detail.others:
        cuts.append(f"the included files {_named([header.name for header in design.headers])}")
    # Some datasets hand out the instruction as a document too.
    documents = [spec for spec in design.specs if spec.text.strip() != design.instruction.strip()]
    specs, spec_cuts = _specs(documents, detail.specs)
    return ShownDesign(tuple(files), specs, (*cuts, *spec_cuts))


def _declares(source: SourceFile, module: str) -> bool:
    return any(each.name == module for each in declared(source.text, source.name))


def _named(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more


def without_comments(text: str) -> str:
    """SystemVerilog without comments and the lines that held nothing else; marks of what is left out stay."""
    bare = _COMMENT.sub(lambda match: match[0] if match[0].startswith(_KEPT) else " ", text)
    return _BLANK_LINES.sub("\n", bare)


def _specs(specs: Iterable[SourceFile], room: int | None) -> tuple[tuple[Shown, ...], list[str]]:
    """Documents in their order for as long as there is room, the last one cut after a paragraph."""
    found: list[Shown] = []
    cuts: list[str] = []
    for spec in specs:
        text = spec.text.strip()
        if room is not None and len(text) > room:
            text = text[: max(text.rfind("\n\n", 0, room), text.rfind("\n", 0, room), 0)].rstrip()
            cuts.append(f"the rest of {spec.name}" if text else f"the document {spec.name}")
        if room is not None:
            room -= len(text)
        if text:
            found.append(Shown(spec.name, text))
    return tuple(found), cuts
