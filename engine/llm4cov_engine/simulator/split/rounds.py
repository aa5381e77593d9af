"""Split and flat rounds of one simulator call."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from llm4cov_engine.process import in_thread
from llm4cov_engine.simulator.feedback import Feedback, Status
from llm4cov_engine.simulator.options import Build
from llm4cov_engine.simulator.split import choice
from llm4cov_engine.simulator.split.call import SplitCall
from llm4cov_engine.simulator.split.library import Refusal
from llm4cov_engine.simulator.split.wrapper import UnsplittableError

if TYPE_CHECKING:
    from llm4cov_engine.design.design import Design
    from llm4cov_engine.simulator.call import Answer, Call


async def attempt(call: Call) -> Answer | None:
    """The answer of a split build; None where a flat one is wanted, needed, or to confirm it.

    Raises:
        ToolError: a tool does not start.
        StorageError: there is no space left.
    """
    found = await choice.library_for(call.box, call.toolchain, call.runtime, call.design, call.options)
    if found is None:
        return None
    reason = found.reason if isinstance(found, Refusal) else ""
    if not isinstance(found, Refusal):
        same = {each.name: getattr(call, each.name) for each in fields(call)}
        try:
            answer = await SplitCall(**{**same, "notes": list(call.notes)}, library=found).make()
        except UnsplittableError as error:
            reason = str(error)
            choice.remember(found, in_vain=True)
        else:
            choice.remember(found, in_vain=False)
            return None if await in_thread(lambda: _decides(answer, call.design)) else answer
    if call.options.build is Build.SPLIT:
        call.notes.append(f"This round was built flat: {reason}.")
    return None


async def flat(call: Call) -> Answer:
    """The answer of a flat build; the DUT may be compiled apart for the rounds that follow.

    Raises:
        ToolError: a tool does not start.
        StorageError: there is no space left.
    """
    answer = await call.make()
    feedback = answer.feedback
    if feedback.status is Status.SUCCESS and not await in_thread(lambda: _is_closed(feedback, call.design)):
        choice.expect_another(call.box, call.toolchain, call.runtime, call.design, call.options, call.size)
    return answer


def _decides(answer: Answer, design: Design) -> bool:
    """Whether a split build's answer must be confirmed by a flat one.

    What ends the work does; and so does a crash, which the other build may not have.
    """
    crashed = answer.feedback.status is Status.RUNTIME_FAILED and not answer.repeatable
    return crashed or _is_closed(answer.feedback, design)


def _is_closed(feedback: Feedback, design: Design) -> bool:
    """Whether no further round is needed (as `State.is_closed`)."""
    if feedback.status is not Status.SUCCESS or feedback.coverage is None:
        return False
    if design.targets:
        return all(result.met for result in feedback.coverage.results(design.targets))
    return feedback.score >= 1.0
