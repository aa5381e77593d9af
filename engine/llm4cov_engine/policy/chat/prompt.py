"""From a state to the messages a model is sent."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from llm4cov_engine.elaboration import elaborate
from llm4cov_engine.policy.chat.completion import Message, estimate_messages, mended
from llm4cov_engine.policy.chat.detail import Detail, fullest, steps
from llm4cov_engine.policy.chat.evidence import failed, succeeded
from llm4cov_engine.policy.chat.sources import by_importance, ports, shown, target_name
from llm4cov_engine.policy.chat.templates import Templates
from llm4cov_engine.simulator.feedback import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llm4cov_engine.design.design import Design
    from llm4cov_engine.policy.chat.options import ChatOptions
    from llm4cov_engine.state import State, Transition

_SHORTEST_PATH = 4
"""Characters of a folder that is looked for: "/" and the like stand in any text."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """Messages for a model.

    Attributes:
        tokens: roughly how many they are.
        fits: whether that is within what the options allow.
    """

    messages: tuple[Message, ...]
    tokens: int
    fits: bool


class PromptWriter:
    """Writes prompts that fit the model's context."""

    def __init__(self, options: ChatOptions) -> None:
        self._options = options
        self.templates = Templates(options.prompts)

    def memoryless(self, state: State, room: int) -> Prompt:
        """The state and nothing else (paper, section 3): the task, the testbench and its feedback.

        Args:
            room: tokens the messages may have.

        Raises:
            ElaborationError: the design has no ports that could be told.
            PolicyError: a user's template cannot be used.
        """

        def write(detail: Detail, modules: tuple[str, ...]) -> list[Message]:
            rules = self._rules(first=state.testbench is None)
            messages = self._task(state.design, detail, modules, rules=rules)
            if state.testbench is not None and state.feedback is not None:
                messages.append(("assistant", fenced(state.testbench.text)))
                messages.append(("user", self._came_of(state, detail)))
            return messages

        return self._fit(write, state, room, history=0)

    def whole_history(
        self, start: State, past: Sequence[tuple[Sequence[Message], Transition]], room: int
    ) -> Prompt:
        """Everything since `start`, answers as they were given (the paper's vanilla agent).

        Args:
            start: where the history begins; its testbench, if any, counts as the model's.
            past: rounds, oldest first: the model's replies with the questions between them, and what came
                of them.
            room: tokens the messages may have; the oldest rounds go first when it is too small.
        """

        def write(detail: Detail, modules: tuple[str, ...]) -> list[Message]:
            messages = self._task(start.design, detail, modules, rules=self._rules(first=True))
            if start.testbench is not None and start.feedback is not None:
                messages.append(("assistant", fenced(start.testbench.text)))
                messages.append(("user", self._came_of(start, detail)))
            told = past if detail.history is None else past[len(past) - 1 - detail.history :]
            for said, transition in told:
                messages += said
                messages.append(("user", self._came_of(transition.result, detail)))
            if len(told) < len(past):
                role, content = messages[1]
                dropped = len(past) - len(told)
                messages[1] = (
                    role,
                    f"{content}\n\n({dropped} earlier answers are left out for lack of room.)",
                )
            return messages

        return self._fit(write, past[-1][1].result if past else start, room, history=max(0, len(past) - 1))

    def _fit(
        self,
        write: Callable[[Detail, tuple[str, ...]], list[Message]],
        state: State,
        room: int,
        *,
        history: int,
    ) -> Prompt:
        modules = by_importance(state.design, state.feedback.coverage if state.feedback else None)
        written: dict[Detail, tuple[Message, ...]] = {}

        def messages(detail: Detail) -> tuple[Message, ...]:
            if detail not in written:
                written[detail] = tuple(
                    (role, without_places(content, state.design) if role == "user" else content)
                    for role, content in ((role, mended(text)) for role, text in write(detail, modules))
                )
            return written[detail]

        details = steps(len(modules), history)
        chosen = messages(fullest(details, lambda detail: estimate_messages(messages(detail)) <= room))
        tokens = estimate_messages(chosen)
        return Prompt(chosen, tokens, tokens <= room)

    def _rules(self, first: bool) -> bool:
        return first if self._options.rules is None else self._options.rules

    def _task(
        self, design: Design, detail: Detail, modules: tuple[str, ...], *, rules: bool
    ) -> list[Message]:
        parts = shown(design, detail, modules)
        task = self.templates.render(
            "task",
            top=design.top,
            instance=design.instance,
            parameters=list(design.parameters.items()),
            defines=list(design.defines.items()),
            targets=[f"{target.percent:g} % {target_name(target)}" for target in design.targets],
            instruction=design.instruction.strip(),
            ports=ports(elaborate(design)),
            specs=parts.specs,
            files=parts.files,
            cuts=parts.cuts,
            rules=rules and detail.rules,
        )
        return [("system", self.templates.render("system")), ("user", task)]

    def _came_of(self, state: State, detail: Detail) -> str:
        feedback, design = state.feedback, state.design
        assert feedback is not None
        common = {"top": design.top, "instance": design.instance}
        if state.testbench is None:
            return self.templates.render("no_testbench", note=feedback.log.strip(), **common)
        common["answer"] = f"answer_{self._options.edit.value}.j2"
        if feedback.status is Status.SUCCESS and feedback.coverage is not None:
            values = succeeded(feedback, feedback.coverage, design, detail)
            return self.templates.render("success", **common, **values)
        return self.templates.render("failure", **common, **failed(feedback, state.testbench, design, detail))


def fenced(code: str) -> str:
    """A testbench as a model writes it."""
    return f"```systemverilog\n{code.rstrip()}\n```"


def without_places(text: str, design: Design) -> str:
    """A text without the folders of this machine that may stand in documents and logs."""
    for folder, name in ((design.root, ""), (Path.cwd(), ""), (Path.home(), "~/")):
        path = str(folder or "").rstrip("/")
        if len(path) >= _SHORTEST_PATH and path in text:
            # Only where a path begins and ends: "a/work/b" holds no "/work".
            start = rf"(?<![\w.~/-]){re.escape(path)}"
            text = re.sub(f"{start}/", name, text)
            text = re.sub(rf"{start}(?![\w-])", name or ".", text)
    return text
