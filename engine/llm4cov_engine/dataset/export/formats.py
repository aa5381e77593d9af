"""The rows of every format: one function each, from an example to plain values."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from llm4cov_engine.dataset.export.conversation import without_rules
from llm4cov_engine.digest import digest
from llm4cov_engine.report import run_document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from llm4cov_engine.dataset.export.example import Example
    from llm4cov_engine.dataset.export.pairs import Pair
    from llm4cov_engine.design.design import Design, SourceFile
    from llm4cov_engine.policy.chat.completion import Message
    from llm4cov_engine.state import State

Row = dict[str, Any]

TRANSITIONS_VERSION = 1
"""Of the rows of the format `transitions`; a field that changes its meaning raises it."""


class ExportFormat(StrEnum):
    """Formats of training rows."""

    MESSAGES = "messages"
    SHAREGPT = "sharegpt"
    ALPACA = "alpaca"
    LLM4COV = "llm4cov"
    TRL = "trl"
    DPO = "dpo"
    TRANSITIONS = "transitions"


def messages_row(example: Example) -> Row:
    """OpenAI's chat messages."""
    return {"messages": _messages(example.conversation.messages)}


def sharegpt_row(example: Example) -> Row:
    """Turns between human and gpt, the system message beside them."""
    speakers = {"user": "human", "assistant": "gpt"}
    turns = example.conversation.messages[1:]
    return {
        "conversations": [{"from": speakers[role], "value": content} for role, content in turns],
        "system": example.conversation.system,
    }


def alpaca_row(example: Example) -> Row:
    """Instruction and output, with the turns before as history."""
    told = example.conversation
    return {
        "instruction": told.instruction,
        "input": "",
        "output": told.output,
        "system": told.system,
        "history": [list(pair) for pair in told.history],
    }


def llm4cov_row(example: Example) -> Row:
    """The paper's own row."""
    told = example.conversation
    return {
        "dataset": example.origin.dataset,
        "context_id": example.design.id,
        "run_type": example.run_type.value,
        "context_length_label": example.length_label,
        "system": told.system,
        "history": [list(pair) for pair in told.history],
        "instruction": told.instruction,
        "output": told.output,
    }


def trl_row(example: Example) -> Row:
    """Prompt and completion, both as messages."""
    told = example.conversation
    return {"prompt": _messages(told.prompt), "completion": _messages(told.messages[-1:])}


def dpo_row(pair: Pair) -> Row:
    """The better and the worse answer to one question."""
    return {
        "prompt": _messages(pair.chosen.conversation.prompt),
        "chosen": _messages(pair.chosen.conversation.messages[-1:]),
        "rejected": _messages(pair.rejected.conversation.messages[-1:]),
    }


def transitions_row(example: Example) -> Row:
    """Everything there is of a round: d = (s, x', o') and how it came about."""
    done, origin, told = example.transition, example.origin, example.conversation
    proposal, node = done.proposal, example.origin.node
    simulator = done.feedback.simulator
    return {
        "schema": TRANSITIONS_VERSION,
        "session": origin.session,
        "node": node.number,
        "parent": node.parent,
        "created": node.created.isoformat(),
        "dataset": origin.dataset,
        "run_type": example.run_type.value,
        "context_length_label": example.length_label,
        "author": proposal.author.value,
        "policy": proposal.policy,
        "note": proposal.note,
        "model": proposal.model,
        "sampling": [{"name": name, "value": str(value)} for name, value in proposal.sampling.items()],
        "seed": proposal.seed,
        "tokens": asdict(proposal.tokens),
        "design": design_document(done.state.design),
        "state": _state(done.state),
        "proposal": _file(proposal.testbench),
        "feedback": run_document(done.result),
        "gain": round(done.gain, 6),
        "seconds": round(done.seconds, 3),
        "messages": _messages(told.messages),
        "said": _messages(without_rules(proposal.messages)),
        "versions": {
            "recorded_by": origin.tool,
            "simulator": simulator.name if simulator else None,
            "simulator_version": simulator.version if simulator else None,
        },
        "hashes": {
            "design": done.state.design.digest,
            "state": example.state_key,
            "testbench": proposal.testbench.digest if proposal.testbench else None,
            "prompt": digest(content for _, content in told.prompt),
        },
    }


def design_document(design: Design) -> Row:
    """A design as a row holds it: everything a simulator and a policy need to see it again."""
    return {
        "id": design.id,
        "top": design.top,
        "instance": design.instance,
        "rtl_files": _files(design.sources),
        "include_files": _files(design.headers),
        "data_files": _files(design.data),
        "spec_files": _files(design.specs),
        "include_dirs": list(design.include_dirs),
        "defines": [f"{name}={value}" if value else name for name, value in design.defines.items()],
        "parameters": [f"{name}={value}" for name, value in design.parameters.items()],
        "targets": [
            {"inst_name": target.instance, "metric": target.metric, "target_percentage": target.percent}
            for target in design.targets
        ],
        "instruction": design.instruction,
    }


def _state(state: State) -> Row:
    return {
        "testbench": _file(state.testbench),
        "feedback": run_document(state) if state.feedback else None,
        "score": round(state.score, 6),
    }


def _file(file: Any) -> Row | None:
    return None if file is None else {"name": file.name, "content": file.text}


def _files(files: Iterable[SourceFile]) -> list[Row]:
    return [{"name": file.name, "content": file.text} for file in files]


def _messages(messages: Iterable[Message]) -> list[Row]:
    return [{"role": role, "content": content} for role, content in messages]


ROWS: dict[ExportFormat, Callable[[Example], Row]] = {
    ExportFormat.MESSAGES: messages_row,
    ExportFormat.SHAREGPT: sharegpt_row,
    ExportFormat.ALPACA: alpaca_row,
    ExportFormat.LLM4COV: llm4cov_row,
    ExportFormat.TRL: trl_row,
    ExportFormat.TRANSITIONS: transitions_row,
}
"""Every format whose rows are made of one example each: all but dpo."""
