"""The scripted policy: replays testbenches or model replies from a file."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from llm4cov_engine.errors import PolicyError
from llm4cov_engine.events import Emit, ignore
from llm4cov_engine.files import write_text
from llm4cov_engine.policy.reply import read_testbench
from llm4cov_engine.state import Author, Proposal, Tokens
from llm4cov_engine.testbench import Testbench

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from llm4cov_engine.state import State, Transition

TESTBENCH_SUFFIXES = (".sv", ".v")


class ScriptedTestbench(BaseModel):
    """`testbench` of a script line."""

    model_config = ConfigDict(extra="forbid")

    name: str
    text: str


class ScriptedMessage(BaseModel):
    """One of the `messages` of a script line."""

    model_config = ConfigDict(extra="forbid")

    role: str
    content: str


class ScriptedTokens(BaseModel):
    """`tokens` of a script line."""

    model_config = ConfigDict(extra="forbid")

    prompt: int = 0
    completion: int = 0


class ScriptLine(BaseModel):
    """One line of a script: exactly one of `testbench`, `text` and `reply`, and where it came from.

    `testbench` may be null: a round that produced nothing usable, replayed as such.
    """

    model_config = ConfigDict(extra="forbid")

    testbench: ScriptedTestbench | None = None
    text: str | None = None
    reply: str | None = None
    note: str = ""
    author: Author = Author.SCRIPT
    model: str = ""
    sampling: dict[str, str | int | float | bool] = {}
    seed: int | None = None
    tokens: ScriptedTokens = ScriptedTokens()
    messages: list[ScriptedMessage] = []

    @model_validator(mode="after")
    def _one_source(self) -> ScriptLine:
        given = {"testbench", "text", "reply"} & self.model_fields_set
        if len(given) != 1:
            raise ValueError('needs exactly one of "testbench", "text" and "reply"')
        return self

    def proposal(self, fallback_name: str, top: str) -> Proposal:
        """The proposal this line stands for."""
        testbench: Testbench | None = None
        note = self.note
        if self.testbench is not None:
            testbench = Testbench(self.testbench.name, self.testbench.text)
        elif self.text is not None:
            testbench = Testbench(fallback_name, self.text)
        elif self.reply is not None:
            testbench = read_testbench(self.reply, name=fallback_name, top=top)
            note = note or ("" if testbench else "There is no testbench in the reply.")
        return Proposal(
            testbench,
            self.author,
            policy="script",
            note=note,
            model=self.model,
            sampling=dict(self.sampling),
            seed=self.seed if self.seed is not None else 1,
            tokens=Tokens(self.tokens.prompt, self.tokens.completion),
            messages=tuple((message.role, message.content) for message in self.messages),
        )


class ScriptedPolicy:
    """Replays a script, one line a round, whatever the state.

    Attributes:
        name: "script".
        left: lines not replayed yet.
    """

    name = "script"

    def __init__(self, lines: Sequence[ScriptLine], source: str = "the script") -> None:
        self._lines = tuple(lines)
        self._source = source
        self._next = 0

    @classmethod
    def read(cls, path: Path) -> ScriptedPolicy:
        """Read a script: a JSONL file, one testbench, or a folder of testbenches in the order of their names.

        Raises:
            PolicyError: nothing to replay there, or a broken line, named with file and line.
        """
        if path.is_dir():
            files = sorted(file for file in path.iterdir() if file.suffix in TESTBENCH_SUFFIXES)
            lines = [_testbench_line(file) for file in files]
        elif path.suffix in TESTBENCH_SUFFIXES:
            lines = [_testbench_line(path)]
        else:
            lines = _script_lines(path)
        if not lines:
            raise PolicyError(
                f"The script {path} holds no testbench.",
                "Name a JSONL file of testbenches or replies, an .sv file, or a folder of .sv files.",
            )
        return cls(lines, str(path))

    @property
    def left(self) -> int:
        """How many rounds the script still has."""
        return len(self._lines) - self._next

    def skip(self, rounds: int) -> None:
        """Leave out so many lines, which were played before; at most as many as there are."""
        self._next = min(len(self._lines), self._next + rounds)

    async def propose(self, state: State, *, seed: int, emit: Emit = ignore) -> Proposal:  # noqa: ARG002
        """The next line of the script.

        Raises:
            PolicyError: the script has no line left.
        """
        if not self.left:
            raise PolicyError(
                f"{self._source} has no round left after {len(self._lines)}.",
                "Ask for fewer rounds, or add lines to the script.",
            )
        line = self._lines[self._next]
        self._next += 1
        proposal = line.proposal(f"{state.design.top}_tb.sv", state.design.top)
        return proposal if line.seed is not None else replace(proposal, seed=seed)


def _testbench_line(path: Path) -> ScriptLine:
    """A script line for a testbench file."""
    return ScriptLine(testbench=ScriptedTestbench(name=path.name, text=_read(path)), note=path.name)


def _script_lines(path: Path) -> list[ScriptLine]:
    """Lines of a JSONL script; blank ones are skipped."""
    lines: list[ScriptLine] = []
    for number, text in enumerate(_read(path).split("\n"), start=1):
        if not text.strip():
            continue
        try:
            lines.append(ScriptLine.model_validate(json.loads(text)))
        except (json.JSONDecodeError, ValidationError) as error:
            raise PolicyError(
                f"{path}:{number} is not a script line: {_reason(error)}.",
                'Write one JSON object a line with "testbench", "text" or "reply".',
            ) from error
    return lines


def _reason(error: json.JSONDecodeError | ValidationError) -> str:
    """The first complaint in a few words."""
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON ({error.msg} at column {error.colno})"
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    message = str(first["msg"]).removeprefix("Value error, ")
    return f"{where}: {message}" if where else message


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise PolicyError(
            f"The script {path} cannot be read: {error.strerror or error}.",
            "Name a file or folder that exists.",
        ) from error


def write_script(transitions: Iterable[Transition], path: Path) -> None:
    """Write rounds as a script that `ScriptedPolicy.read` replays, whole or not at all.

    Raises:
        StorageError: the file cannot be written.
    """
    rows = [json.dumps(_row(transition.proposal), ensure_ascii=True) for transition in transitions]
    write_text(path, "".join(row + "\n" for row in rows))


def _row(proposal: Proposal) -> dict[str, object]:
    """A proposal as a script line, without the fields that say nothing."""
    testbench = proposal.testbench
    row: dict[str, object] = {
        "testbench": {"name": testbench.name, "text": testbench.text} if testbench else None,
        "note": proposal.note,
        "author": proposal.author.value,
        "model": proposal.model,
        "sampling": proposal.sampling,
        "seed": proposal.seed,
        "tokens": {"prompt": proposal.tokens.prompt, "completion": proposal.tokens.completion},
        "messages": [{"role": role, "content": content} for role, content in proposal.messages],
    }
    return {key: value for key, value in row.items() if value or key in ("testbench", "author", "seed")}
