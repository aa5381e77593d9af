"""What pyslang says of texts that are still being written; see `llm4cov_engine.checking`.

Everything is parsed and elaborated afresh: some thirty milliseconds for a processor of a megabyte.
"""

from __future__ import annotations

import re
from collections import OrderedDict, defaultdict
from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING

from llm4cov_engine.elaboration.records import Problem, Severity, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pyslang import Diagnostic
    from pyslang.ast import Compilation

    from llm4cov_engine.design.design import Design, SourceFile
    from llm4cov_engine.elaboration.compilation import Reader

MOST_PROBLEMS = 200
"""More are of no use to a person; a text that is half-way typed may have thousands."""

_NOTE = re.compile(r"^(?P<file>.*?):(?P<line>\d+):(?P<column>\d+): note: (?P<message>.*)$", re.MULTILINE)

_WARNINGS = ("none", "default", "implicit-net", "no-newline-eof")
"""Those pyslang gives without being asked, and names mistyped in ports; others are matters of style."""

_NAMED = 6
"""Names listed where one place has the same problem for many of them."""


@dataclass(frozen=True, slots=True)
class LiveProblem(Problem):
    """A problem with the places that explain it.

    Attributes:
        related: notes with a span each, in this text or in another: the earlier declaration, the module
            whose port is missing, the line of the RTL that a parameter of this instance breaks.
    """

    related: tuple[Problem, ...] = ()


def rtl_problems(design: Design, file: str) -> tuple[LiveProblem, ...]:
    """Problems of one of the sources or headers of a design."""
    from llm4cov_engine.elaboration.compilation import compiled

    unit = compiled(design)
    return _Found(unit.reader, unit.compilation, file).problems()


def syntax_problems(design: Design, source: SourceFile) -> tuple[LiveProblem, ...]:
    """Problems of a text beside a design, as far as parsing it with the design's headers tells."""
    from llm4cov_engine.elaboration.compilation import Reader

    headers = [each for each in (*design.headers, *design.sources) if each.name != source.name]
    reader = Reader(headers, design.include_dirs, design.defines)
    tree = reader.parse([source])
    found = _Found(reader, None, source.name, tree.diagnostics)
    return found.problems()


def testbench_problems(design: Design, testbench: SourceFile) -> tuple[LiveProblem, ...]:
    """Problems of a testbench, whose name no file of the design has, and of the RTL where it causes them."""
    from llm4cov_engine.elaboration.compilation import Reader, compilation_of

    reader = Reader((*design.headers, *design.sources), design.include_dirs, design.defines)
    compilation, _ = compilation_of(reader, [*design.sources, testbench])
    found = _Found(reader, compilation, testbench.name)
    return (*found.problems(), *_caused(design, found))


class _Found:
    """What one compilation complains about, seen from one file."""

    def __init__(
        self,
        reader: Reader,
        compilation: Compilation | None,
        file: str,
        diagnostics: Iterable[Diagnostic] | None = None,
    ) -> None:
        from pyslang import DiagnosticEngine

        self._reader = reader
        self._compilation = compilation
        self.file = file
        if compilation is not None:
            diagnostics = compilation.getAllDiagnostics()
        self._diagnostics = list(diagnostics or ())
        self._engine = DiagnosticEngine(reader.manager)
        self._engine.setWarningOptions(_WARNINGS)

    def problems(self) -> tuple[LiveProblem, ...]:
        """Those of the file, in its order, the worst first where there are too many."""
        groups: defaultdict[tuple[str, Span | None], list[Diagnostic]] = defaultdict(list)
        for diagnostic in self._diagnostics:
            if self._is_inside(diagnostic) and self._is_wanted(diagnostic):
                problem = self._reader.problem(diagnostic)
                groups[problem.code, problem.span].append(diagnostic)
        found = [self._together(group) for group in groups.values()]
        worst = sorted(found, key=lambda each: each.severity is not Severity.ERROR)
        return tuple(sorted(worst[:MOST_PROBLEMS], key=_place))

    def _is_wanted(self, diagnostic: Diagnostic) -> bool:
        from pyslang import DiagnosticSeverity

        severity = self._engine.getSeverity(diagnostic.code, diagnostic.location)
        return severity not in (DiagnosticSeverity.Ignored, DiagnosticSeverity.Note)

    def _together(self, group: list[Diagnostic]) -> LiveProblem:
        """One problem for all that has the same name at the same place: the missing ports of an instance."""
        first = group[0]
        problem = self._reader.problem(first)
        others = dict.fromkeys(str(each.args[0]) for each in group[1:] if each.args)
        others.pop(str(first.args[0]) if first.args else "", None)
        if others:
            shown = ", ".join(f"'{name}'" for name in list(others)[:_NAMED])
            more = ", ..." if len(others) > _NAMED else ""
            message = f"{problem.message}; the same with {len(others)} more: {shown}{more}"
            problem = replace(problem, message=message)
        return _live(problem, (*self._notes(first), *self._definition(first)))

    def errors_elsewhere(self) -> Iterator[Problem]:
        """Errors in other files."""
        for diagnostic in self._diagnostics:
            if diagnostic.isError() and not self._is_inside(diagnostic):
                problem = self._reader.problem(diagnostic)
                if problem.severity is Severity.ERROR:
                    yield problem

    def instance_of(self, module: str) -> Span | None:
        """Where the file makes an instance of a module."""
        from llm4cov_engine.elaboration.syntax import declarations

        for tree in self._compilation.getSyntaxTrees() if self._compilation else ():
            for declared in declarations(tree.root, self._reader.places):
                if declared.span.file != self.file:
                    continue
                for instance in declared.instances:
                    if instance.module == module:
                        return instance.span
        return None

    def _is_inside(self, diagnostic: Diagnostic) -> bool:
        return self._reader.places.file(diagnostic.location) == self.file

    def _notes(self, diagnostic: Diagnostic) -> Iterator[Problem]:
        from pyslang import DiagnosticEngine

        from llm4cov_engine.elaboration.spans import IN_MEMORY

        # pyslang has a diagnostic's notes in its report only.
        if not diagnostic.isError() and not str(diagnostic.code).endswith(("efinition)",)):
            return
        report = DiagnosticEngine.reportAll(self._reader.manager, [diagnostic])
        for note in _NOTE.finditer(report):
            _, _, file = note["file"].rpartition(IN_MEMORY)
            line, column = int(note["line"]), int(note["column"])
            yield Problem(Severity.NOTE, note["message"], "", Span(file, line, column, line, column))

    def _definition(self, diagnostic: Diagnostic) -> Iterator[Problem]:
        """Where the module stands that a complaint about its ports or parameters names."""
        if not str(diagnostic.code).startswith(("DiagCode(Port", "DiagCode(Param", "DiagCode(Unconnected")):
            return
        names = {str(each) for each in diagnostic.args}
        for definition in self._compilation.getDefinitions() if self._compilation else ():
            if definition.name in names:
                span = self._reader.places.name_span(definition)
                yield Problem(Severity.NOTE, f"'{definition.name}' is declared here", "", span)


def _caused(design: Design, found: _Found) -> Iterator[LiveProblem]:
    """Errors in the RTL that are there with this testbench only, at its instance of the DUT."""
    known = {(each.code, each.span) for each in _own_errors(design)}
    new = [each for each in found.errors_elsewhere() if (each.code, each.span) not in known]
    if not new:
        return
    where = found.instance_of(design.top)
    if where is None:
        return
    related = tuple(
        Problem(Severity.NOTE, each.message, each.code, each.span)
        for each in new[:20]
        if each.span is not None
    )
    message = f"the RTL does not compile as this testbench instantiates it: {new[0].message}"
    yield _live(Problem(Severity.ERROR, message, new[0].code, where), related)


_KEPT = 8

_errors_of: OrderedDict[str, tuple[Problem, ...]] = OrderedDict()
_lock = Lock()


def _own_errors(design: Design) -> tuple[Problem, ...]:
    """Errors the RTL has by itself; remembered for the designs asked for last."""
    with _lock:
        if (known := _errors_of.get(design.digest)) is not None:
            _errors_of.move_to_end(design.digest)
            return known
    from llm4cov_engine.elaboration.compilation import compiled

    unit = compiled(design)
    errors = tuple(_Found(unit.reader, unit.compilation, "").errors_elsewhere())
    with _lock:
        _errors_of[design.digest] = errors
        while len(_errors_of) > _KEPT:
            _errors_of.popitem(last=False)
    return errors


def _live(problem: Problem, related: Iterable[Problem] = ()) -> LiveProblem:
    return LiveProblem(problem.severity, problem.message, problem.code, problem.span, tuple(related))


def _place(problem: Problem) -> tuple[int, int]:
    return (problem.span.line, problem.span.column) if problem.span else (0, 0)
