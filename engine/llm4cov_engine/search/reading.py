"""The trials of a search's testbench, read back from its text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from llm4cov_engine.search.meanings import COUNTING
from llm4cov_engine.search.stimulus import Code, Mode, Operation

if TYPE_CHECKING:
    from llm4cov_engine.search.setup import Setup
    from llm4cov_engine.search.stimulus import Program

MARK: Final = "trials that a search found and then shortened"
"""Words of the first line of such a testbench."""

_TRIAL: Final = re.compile(
    r"^  task automatic trial_\d+\(\);\n(?P<body>.*?)^  endtask\n", re.MULTILINE | re.DOTALL
)
_CALL: Final = re.compile(r"(?P<name>\w+)(?:\((?P<arguments>.*)\)| = (?P<value>.*));")
_LITERAL: Final = re.compile(r"\d+'h(?P<hex>[0-9a-f]+)|(?P<decimal>\d+)")
_CAST: Final = re.compile(r"\d+'\((?P<name>\w+)\)")
_MODES: Final = frozenset(mode.name for mode in Mode)


class _StrangeError(ValueError):
    """A line that no trial has."""


def read_trials(text: str, setup: Setup, names: Names) -> tuple[Program, ...] | None:
    """The programs of a testbench, in order; None when it is none of a search, or a person changed its form.

    Args:
        names: what inputs, outputs and accesses are called in it.
    """
    if MARK not in text.partition("\n")[0]:
        return None
    reader = _Reader(setup, names)
    try:
        return tuple(
            tuple(reader.operation(line.strip()) for line in match["body"].splitlines() if line.strip())
            for match in _TRIAL.finditer(text)
        )
    except (_StrangeError, ValueError, IndexError):
        return None


class Names:
    """Names in a testbench, and the numbers they stand for."""

    def __init__(
        self, inputs: dict[str, int], outputs: dict[str, int], accesses: dict[str, tuple[int, bool]]
    ) -> None:
        self.inputs = inputs
        self.outputs = outputs
        self.accesses = accesses


class _Reader:
    def __init__(self, setup: Setup, names: Names) -> None:
        self._setup = setup
        self._names = names

    def operation(self, line: str) -> Operation:
        match = _CALL.fullmatch(line)
        if match is None:
            raise _StrangeError(line)
        name = match["name"]
        if name == "random_state" and match["value"]:
            return Operation(Code.SEED, value=_number(match["value"]))
        words = [word.strip() for word in (match["arguments"] or "").split(",")]
        if name in self._names.accesses:
            which, writes = self._names.accesses[name]
            return Operation(Code.ACCESS, which, int(writes), _number(words[0]), _number(words[1]))
        match name:
            case "start_trial":
                return Operation(Code.START, value=_number(words[0]))
            case "set_clock":
                return Operation(Code.CLOCK, *(_number(word) for word in words))
            case "reset_dut":
                everything = (1 << len(self._setup.resets)) - 1
                mask = _number(words[1]) if len(words) > 1 else everything
                return Operation(Code.RESET, mask, count=_number(words[0]))
            case "run":
                return Operation(Code.RUN, count=_number(words[0]))
            case "run_until":
                return Operation(Code.UNTIL, self._output(words[0]), count=_number(words[1]))
            case "wait_for_change":
                return Operation(Code.WAIT, count=_number(words[0]))
            case "hold":
                return Operation(Code.DRIVE, self._input(words[0]), Mode.HOLD, _number(words[1]))
            case "drive":
                return self._drive(words)
        raise _StrangeError(line)

    def _drive(self, words: list[str]) -> Operation:
        lane, rest = self._input(words[0]), words[2:]
        if words[1] not in _MODES:
            raise _StrangeError(words[1])
        mode = Mode[words[1]]
        value, count = 0, 1 if mode in COUNTING else 0
        for word in rest:
            if word.startswith(".every("):
                count = _number(word.removeprefix(".every(").rstrip(")"))
            elif cast := _CAST.fullmatch(word):
                name = cast["name"]
                value = self._names.outputs[name] if name in self._names.outputs else self._input(name)
            else:
                value = _number(word)
        return Operation(Code.DRIVE, lane, mode, value, count)

    def _input(self, word: str) -> int:
        if word not in self._names.inputs:
            raise _StrangeError(word)
        return self._names.inputs[word]

    def _output(self, word: str) -> int:
        if word not in self._names.outputs:
            raise _StrangeError(word)
        return self._names.outputs[word]


def _number(word: str) -> int:
    match = _LITERAL.fullmatch(word)
    if match is None:
        raise _StrangeError(word)
    return int(match["hex"], 16) if match["hex"] else int(match["decimal"])
