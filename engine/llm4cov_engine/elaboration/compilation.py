"""The one way from a design's texts to pyslang's trees and compilation; nothing is read from disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyslang import Bag, DiagnosticEngine, DiagnosticSeverity, SourceManager, TimeScale
from pyslang.ast import Compilation, CompilationFlags, CompilationOptions, InstanceSymbol
from pyslang.parsing import PreprocessorOptions
from pyslang.syntax import SyntaxTree

from llm4cov_engine.elaboration.records import Problem, Severity, Span
from llm4cov_engine.elaboration.spans import IN_MEMORY, Places

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pyslang import Diagnostic, SourceBuffer

    from llm4cov_engine.design.design import Design, SourceFile

_VERILATOR_MACROS = {
    "SYSTEMVERILOG": "1",
    "VERILATOR": "1",
    "VERILATOR_TIMING": "1",
    "coverage_block_off": "",
    "verilator": "1",
    "verilator3": "1",
}
"""What Verilator defines by itself with --timing: the RTL must look the same here as there."""

_FLAGS = (
    CompilationFlags.AllowUseBeforeDeclare
    | CompilationFlags.RelaxEnumConversions
    | CompilationFlags.RelaxStringConversions
    | CompilationFlags.AllowHierarchicalConst
    | CompilationFlags.AllowTopLevelIfacePorts
    | CompilationFlags.AllowMergingAnsiPorts
    | CompilationFlags.AllowSelfDeterminedStreamConcat
    | CompilationFlags.AllowBareValParamAssignment
    | CompilationFlags.AllowUnnamedGenerate
    | CompilationFlags.AllowInvalidTop
    | CompilationFlags.AllowVirtualIfaceWithOverride
    # Identical instances must each have a body, because clocks are traced through every one of them.
    | CompilationFlags.DisableInstanceCaching
)
"""What Verilator accepts and the standard does not."""


class Reader:
    """Parses texts that see one set of headers, include folders and macros.

    Args:
        headers: files an `include` may find.
        include_dirs: folders relative to the root, "." for the root itself.
        defines: macros, name to value.
    """

    def __init__(
        self, headers: Iterable[SourceFile], include_dirs: Sequence[str], defines: Mapping[str, str]
    ) -> None:
        self.manager = SourceManager()
        self.places = Places(self.manager)
        self.options = Bag()
        preprocessor = PreprocessorOptions()
        # A macro without a value is empty in Verilator; a bare name would mean 1 here.
        macros = _VERILATOR_MACROS | dict(defines)
        preprocessor.predefines = [f"{name}={value}" for name, value in macros.items()]
        preprocessor.undefines = ["__slang__", "__slang_major__", "__slang_minor__"]
        preprocessor.additionalIncludePaths = [
            IN_MEMORY + ("" if folder == "." else folder) for folder in include_dirs
        ]
        self.options.preprocessorOptions = preprocessor
        self._buffers: dict[str, SourceBuffer] = {}
        self._engine = DiagnosticEngine(self.manager)
        for header in headers:
            self.add(header)

    def add(self, file: SourceFile) -> SourceBuffer:
        """Let includes find one more file; a name that is already there keeps its text."""
        if file.name not in self._buffers:
            self._buffers[file.name] = self.manager.assignText(IN_MEMORY + file.name, file.text)
        return self._buffers[file.name]

    def parse(self, sources: Sequence[SourceFile]) -> SyntaxTree:
        """Parse texts as one compilation unit, as Verilator does: macros carry over from file to file."""
        buffers = [self.add(source) for source in sources]
        return SyntaxTree.fromBuffers(buffers, self.manager, self.options)

    def includes(self, tree: SyntaxTree) -> Iterator[tuple[str, Span, bool]]:
        """The `include` directives of a tree: the name as written, where, and whether it was found."""
        for include in tree.getIncludeDirectives():
            yield include.path, self.places.span(include.syntax.sourceRange), bool(include.buffer)

    def missing_includes(self, tree: SyntaxTree) -> Iterator[tuple[str, Span]]:
        """What `include` directives of a tree name that was not found, as written."""
        return ((path, span) for path, span, found in self.includes(tree) if not found)

    def included(self, tree: SyntaxTree) -> Iterator[str]:
        """Names of the files that `include` directives of a tree led to, each once."""
        seen = set()
        for include in tree.getIncludeDirectives():
            if include.buffer and (name := self.places.buffer(include.buffer.id)) not in seen:
                seen.add(name)
                yield name

    def problem(self, diagnostic: Diagnostic) -> Problem:
        """A diagnostic of any tree or compilation of this reader."""
        severity = self._engine.getSeverity(diagnostic.code, diagnostic.location)
        reach = diagnostic.ranges[0] if diagnostic.ranges else None
        return Problem(
            severity=_SEVERITIES.get(severity, Severity.NOTE),
            message=self._engine.formatMessage(diagnostic),
            code=code_of(diagnostic),
            span=self.places.span(reach) if reach is not None else self.places.point(diagnostic.location),
        )


_SEVERITIES = {
    DiagnosticSeverity.Fatal: Severity.ERROR,
    DiagnosticSeverity.Error: Severity.ERROR,
    DiagnosticSeverity.Warning: Severity.WARNING,
}


def code_of(diagnostic: Diagnostic) -> str:
    """A diagnostic's name, such as "UnknownModule"."""
    return str(diagnostic.code).removeprefix("DiagCode(").removesuffix(")")


@dataclass(frozen=True)
class Compiled:
    """A design inside pyslang.

    Attributes:
        top: the elaborated top module; None when the sources do not hold it.
    """

    reader: Reader
    tree: SyntaxTree
    compilation: Compilation
    top: InstanceSymbol | None


def compiled(design: Design) -> Compiled:
    """Parse and compile a design with its own top and parameters."""
    reader = Reader(design.headers, design.include_dirs, design.defines)
    overrides = [f"{name}={value}" for name, value in design.parameters.items()]
    compilation, tree = compilation_of(reader, design.sources, top=design.top, parameters=overrides)
    tops = compilation.getRoot().topInstances
    return Compiled(reader, tree, compilation, next((top for top in tops if top.name == design.top), None))


def compilation_of(
    reader: Reader, sources: Sequence[SourceFile], *, top: str = "", parameters: Sequence[str] = ()
) -> tuple[Compilation, SyntaxTree]:
    """Parse and compile texts as Verilator would.

    Args:
        top: the module to elaborate; every one that no other instantiates when left out.
        parameters: overrides of the top's parameters, as "NAME=VALUE".
    """
    options = CompilationOptions()
    options.flags = _FLAGS
    # Files without a time scale beside files with one are common, and no reason to complain.
    options.defaultTimeScale = TimeScale()
    options.topModules = {top} if top else set()
    options.paramOverrides = list(parameters)
    reader.options.compilationOptions = options
    tree = reader.parse(sources)
    compilation = Compilation(reader.options)
    compilation.addSyntaxTree(tree)
    return compilation, tree
