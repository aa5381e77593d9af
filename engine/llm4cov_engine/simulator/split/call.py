"""One simulator call as a split build: the DUT from the cache, only the testbench compiled."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from llm4cov_engine.build.manifest import is_intact
from llm4cov_engine.coverage.layout import NoCoverageError
from llm4cov_engine.elaboration.records import Severity
from llm4cov_engine.events import Stage, StageName
from llm4cov_engine.process import in_thread
from llm4cov_engine.simulator import model
from llm4cov_engine.simulator.call import Answer, Call
from llm4cov_engine.simulator.counters.dump import parse_counters
from llm4cov_engine.simulator.feedback import Status
from llm4cov_engine.simulator.generated import prepared
from llm4cov_engine.simulator.options import Build
from llm4cov_engine.simulator.split.companions import reduced
from llm4cov_engine.simulator.split.library import Library, discard, precision_of
from llm4cov_engine.simulator.split.wrapper import UnsplittableError
from llm4cov_engine.simulator.workspace import workspace

if TYPE_CHECKING:
    from llm4cov_engine.coverage.coverage import Coverage
    from llm4cov_engine.simulator.counters.registration import Registration


@dataclass(slots=True, kw_only=True)
class SplitCall(Call):
    """One simulator call under way, as a split build.

    Attributes:
        library: the DUT.
    """

    library: Library

    async def make(self) -> Answer:
        """Verilate and compile the testbench, link it with the DUT, run and read.

        Raises:
            UnsplittableError: this testbench needs a flat build.
            ToolError, StorageError: as for a flat build.
        """
        companions = self.library.contents.companions
        files = companions.needed(self.design, self.testbench)
        design = reduced(self.design, self.library.contents.stub, files, companions.directives)
        async with workspace(design, self.testbench) as space:
            self.emit(Stage(StageName.VERILATING, "the testbench alone"))
            options = replace(self.options, metrics=())
            arguments = model.verilator_arguments(design, space.testbench, self.top, options)
            done = await model.verilate(self.box, self.toolchain, space, arguments, options, fsm=False)
            self.seconds = replace(self.seconds, verilate=done.finished.seconds)
            if not done.finished.ok:
                errors = (each.message for each in done.problems if each.severity is Severity.ERROR)
                raise UnsplittableError(f"Verilator says: {next(errors, 'nothing, and fails')}")
            contents = self.library.contents
            if await in_thread(lambda: precision_of(space.model, model.PREFIX)) != contents.precision:
                raise UnsplittableError("the testbench has another precision of time than the DUT")
            problems = (*contents.problems, *done.problems)
            if contents.without_fsm:
                self.note_missing_fsm()
            self.note_verilation(tuple(map(self._own_path, contents.shared)), problems)
            generated = await in_thread(
                lambda: prepared(space.model, model.PREFIX, design.top, "", "", counters=False)
            )
            objects = await in_thread(lambda: self.library.copy_objects(space.model))
            answer = await self.compile_and_run(space, generated, problems, "", objects=objects)
        if answer.feedback.status is Status.COMPILE_FAILED:
            if not await in_thread(lambda: is_intact(self.library.folder, thorough=True)):
                await discard(self.library.folder.name)
            raise UnsplittableError("it could not be linked with the DUT")
        return replace(answer, feedback=replace(answer.feedback, build=Build.SPLIT.value))

    def counts(self, registration: Registration | None) -> bool:  # noqa: ARG002 - the DUT's is elsewhere
        """See `Call.counts`."""
        return True

    def coverage(self, data: bytes, registration: Registration | None, testbench: str) -> Coverage:  # noqa: ARG002
        """See `Call.coverage`."""
        top, instance = self.design.top, self.design.instance
        dumped = parse_counters(data)
        if any(each.doubts for each in dumped):
            raise UnsplittableError("the testbench drives inputs from outputs as the simulation begins")
        counted = {each.scope: each.counts for each in dumped}
        scope = _chosen(list(counted), top, instance)
        known = self.library.contents.registration
        if len(counted[scope]) != known.size:
            raise NoCoverageError("The file of coverage counters is damaged.")
        layout = known.layout(top=top, instance=instance, testbench="")
        return layout.coverage([*counted[scope], 0], simulated_as=scope)

    def _own_path(self, path: str) -> str:
        """The path of an instance below the DUT instance, from one below the DUT's module."""
        return self.design.instance + path.removeprefix(self.design.top)


def _chosen(scopes: list[str], top: str, instance: str) -> str:
    """The instance that is the DUT among all of its module; as `lay_out` chooses.

    Raises:
        NoCoverageError: none has the right name.
    """
    by_height = sorted(scopes, key=lambda scope: (scope.count("."), scope))
    named = [scope for scope in by_height if scope.rpartition(".")[2] == instance]
    if named or len(by_height) == 1:
        return (named or by_height)[0]
    names = ", ".join(f"`{scope}`" for scope in by_height[:5])
    raise NoCoverageError(f"Several instances of `{top}` run ({names}) and none is called `{instance}`.")
