"""Designs from the rows of a dataset: one JSON object per line.

Rows come in three kinds. Those of CVDP-ECov, and of plain collections, list files and name their top. Those
of CodeV-R1 and VeriThoughts are a question in words with one text of RTL as its answer; their top is found.
And training examples are about a design that their question shows (`taught`).
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from llm4cov_engine.coverage.target import SCORE, Target, metric_name
from llm4cov_engine.design.depth import too_deep
from llm4cov_engine.design.options import macros
from llm4cov_engine.design.taught import taught_row
from llm4cov_engine.design.texts import MOST_BYTES, is_plain
from llm4cov_engine.errors import NoDesignError, SettingsError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedReader
    from pathlib import Path

_SHOWN = 8
"""How many ids an error lists."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_ANSWERED = {"question", "ground_truth"}
"""What a row of CodeV-R1 or VeriThoughts has."""

_FENCED = re.compile(r"^```[^\n]*\n(.*?)^```", re.DOTALL | re.MULTILINE)
"""A text inside the marks of a code block."""


def _plain_name(name: object) -> object:
    if isinstance(name, str) and not is_plain(name):
        raise ValueError(f"the file name {name!r} is not relative to the design")
    return name


def _list(value: object) -> object:
    """Datasets write an empty list as null."""
    return [] if value is None else value


def _text(value: object) -> object:
    """And an empty text too."""
    return "" if value is None else value


def _label(value: object) -> object:
    """A text that may be written as a number."""
    return str(value) if isinstance(value, int | float) else _text(value)


class RowFile(BaseModel):
    """A file inside a row."""

    name: Annotated[str, BeforeValidator(_plain_name)]
    content: str


def _readable(text: str) -> str:
    if why := too_deep(text):
        raise ValueError(f"the RTL is too deep to be read: {why}")
    return text


class RtlFile(RowFile):
    """A file of RTL inside a row."""

    content: Annotated[str, AfterValidator(_readable)]


class RowTarget(BaseModel):
    """A coverage target inside a row."""

    inst_name: Annotated[str, BeforeValidator(_text)] = ""
    metric: Annotated[str, AfterValidator(metric_name)] = SCORE
    target_percentage: Annotated[float, Field(ge=0, le=100)]

    def target(self) -> Target:
        """The target in the engine's terms; an average of the benchmark's kind is the score."""
        return Target(self.target_percentage, self.metric, self.inst_name)


class Row(BaseModel):
    """A row in the schema of CVDP-ECov, and of plain collections that name a `top` instead, or none.

    A row of CodeV-R1 or VeriThoughts becomes one with a single file, a training example one with the files
    that its question shows. Validation takes the row's number, from
    0, as `number` in its context: such rows may be known by nothing else.
    """

    model_config = ConfigDict(extra="ignore")

    id: Annotated[str, BeforeValidator(_label), Field(min_length=1)]
    rtl_files: Annotated[list[RtlFile], Field(min_length=1)]
    top: Annotated[str, BeforeValidator(_text)] = Field(
        "", validation_alias=AliasChoices("dut_module_name", "top")
    )
    include_files: Annotated[list[RtlFile], BeforeValidator(_list)] = []
    spec_files: Annotated[list[RowFile], BeforeValidator(_list)] = []
    instance: Annotated[str, BeforeValidator(_text)] = Field(
        "", validation_alias=AliasChoices("dut_instance_name", "instance")
    )
    instruction: str | None = None
    targets: Annotated[list[RowTarget], BeforeValidator(_list)] = []
    defines: Annotated[list[str], BeforeValidator(_list)] = []
    difficulty: Annotated[str, BeforeValidator(_label)] = ""
    is_agentic: bool | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_question(cls, value: Any, info: ValidationInfo) -> Any:
        if not isinstance(value, dict) or "rtl_files" in value:
            return value
        number = (info.context or {}).get("number", 0)
        if not value.keys() >= _ANSWERED:
            return taught_row(value, number) or value
        known = next((value[name] for name in ("id", "problem_id") if value.get(name) is not None), number)
        question = _said(value["question"], "user")
        # Where the answer was not proven to be what was asked for, the question would mislead.
        meant = question if value.get("verified", True) else ""
        return {
            "id": str(known),
            "rtl_files": [{"name": "dut.v", "content": _code(_said(value["ground_truth"], "assistant"))}],
            "spec_files": [{"name": "requirements.txt", "content": meant}] if meant else [],
        }


def _said(value: object, role: str) -> str:
    """A text, or what a role says in a list of messages, the only message where none has the role."""
    if isinstance(value, str):
        return value
    if not isinstance(value, list) or not value or not all(isinstance(each, dict) for each in value):
        raise ValueError("question and ground_truth must be texts or lists of messages")
    said = [each for each in value if each.get("role") == role] or value[:1]
    content = said[0].get("content")
    if not isinstance(content, str):
        raise ValueError(f"no text is said by the {role}")
    return content


def _code(text: str) -> str:
    """The RTL of an answer: what stands in its code blocks, where it has any."""
    blocks = _FENCED.findall(text)
    return "\n".join(blocks) if blocks else text


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A line that holds no design.

    Attributes:
        line: counts from 1.
        reason: why, in one clause.
    """

    line: int
    reason: str


def numbered_rows(path: Path) -> Iterator[tuple[int, Row | BrokenRow]]:
    """Every row of a dataset with its line, from 1, broken ones as such; blank lines are no rows.

    Raises:
        StorageError: the file cannot be read.
    """
    try:
        with path.open("rb") as stream:
            for number, line in enumerate(_lines(stream), start=1):
                if line is None:
                    yield number, BrokenRow(number, f"the row is larger than {MOST_BYTES // 2**20} MB")
                elif line.strip():
                    yield number, _row(number, line)
    except OSError as error:
        raise StorageError(
            f"{path} cannot be read: {error.strerror or error}.", "Check that it is there and readable."
        ) from error


def rows(path: Path) -> Iterator[Row | BrokenRow]:
    """The rows of `numbered_rows` alone."""
    return (row for _, row in numbered_rows(path))


def _lines(stream: BufferedReader) -> Iterator[bytes | None]:
    """Lines one by one; None for one too long, which is never held as a whole."""
    if stream.peek(len(_BYTE_ORDER_MARK)).startswith(_BYTE_ORDER_MARK):
        stream.read(len(_BYTE_ORDER_MARK))
    while line := stream.readline(MOST_BYTES):
        end, is_whole = line, True
        while len(end) == MOST_BYTES and not end.endswith(b"\n"):
            end, is_whole = stream.readline(MOST_BYTES), False
        yield line if is_whole else None


def _row(number: int, line: bytes) -> Row | BrokenRow:
    try:
        return _checked(Row.model_validate_json(line, context={"number": number - 1}))
    except (ValidationError, SettingsError) as error:
        return BrokenRow(number, _reason(error))


def row_of(number: int, values: object) -> Row | BrokenRow:
    """The row that some values are, as other formats than JSON lines hold them; rows count from 1."""
    try:
        return _checked(Row.model_validate(values, context={"number": number - 1}))
    except (ValidationError, SettingsError) as error:
        return BrokenRow(number, _reason(error))


def _checked(row: Row) -> Row:
    """The row, if its values fit together.

    Raises:
        SettingsError: it defines what is no macro.
    """
    macros(row.defines)
    return row


def _reason(error: ValidationError | SettingsError) -> str:
    """Why a row is broken, in one clause."""
    if isinstance(error, SettingsError):
        return f"defines: {error.what}"
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    message = str(first["msg"]).removeprefix("Value error, ")
    return f"{where}: {message}" if where else message


def find_row(path: Path, identity: str) -> Row:
    """The row of an id.

    Raises:
        NoDesignError: there is none, or it is broken; the error names ids that are there.
        StorageError: the file cannot be read.
    """
    ids: list[str] = []
    broken: list[BrokenRow] = []
    for row in rows(path):
        if isinstance(row, BrokenRow):
            broken.append(row)
        elif row.id == identity:
            return row
        else:
            ids.append(row.id)
    what = f"{path.name} has no usable row '{identity}'."
    if not identity:
        what = f"{path.name} is a dataset of {len(ids)} designs, and none of them is named."
    if broken:
        what += f" Line {broken[0].line} is broken ({broken[0].reason})."
    raise NoDesignError(what, _suggestion(path, identity, ids))


def _suggestion(path: Path, identity: str, ids: list[str]) -> str:
    if not ids:
        return "Choose another dataset: it holds no design."
    near = difflib.get_close_matches(identity, ids, n=3, cutoff=0.4) if identity else []
    shown = near or ids[:_SHOWN]
    more = "" if near or len(ids) <= _SHOWN else f" and {len(ids) - _SHOWN} more"
    return f"Write {path.name}#ID with one of its ids: {', '.join(shown)}{more}."
