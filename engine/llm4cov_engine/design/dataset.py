"""Designs from the rows of a dataset: one JSON object per line."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)

from llm4cov_engine.coverage.target import SCORE, Target, metric_name
from llm4cov_engine.design.options import macros
from llm4cov_engine.design.texts import is_plain
from llm4cov_engine.errors import NoDesignError, SettingsError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SHOWN = 8
"""How many ids an error lists."""


def _plain_name(name: object) -> object:
    if isinstance(name, str) and not is_plain(name):
        raise ValueError(f"the file name {name!r} is not relative to the design")
    return name


def _list(value: object) -> object:
    """Datasets write an empty list as null."""
    return [] if value is None else value


class RowFile(BaseModel):
    """A file inside a row."""

    name: Annotated[str, BeforeValidator(_plain_name)]
    content: str


class RowTarget(BaseModel):
    """A coverage target inside a row."""

    inst_name: str = ""
    metric: Annotated[str, AfterValidator(metric_name)] = SCORE
    target_percentage: Annotated[float, Field(ge=0, le=100)]

    def target(self) -> Target:
        """The target in the engine's terms; an average of the benchmark's kind is the score."""
        return Target(self.target_percentage, self.metric, self.inst_name)


class Row(BaseModel):
    """A row in the schema of CVDP-ECov, and of plain collections that name a `top` instead."""

    model_config = ConfigDict(extra="ignore")

    id: Annotated[str, Field(min_length=1)]
    rtl_files: Annotated[list[RowFile], Field(min_length=1)]
    top: Annotated[str, Field(min_length=1, validation_alias=AliasChoices("dut_module_name", "top"))]
    include_files: Annotated[list[RowFile], BeforeValidator(_list)] = []
    spec_files: Annotated[list[RowFile], BeforeValidator(_list)] = []
    instance: str = Field("dut", validation_alias=AliasChoices("dut_instance_name", "instance"))
    instruction: str | None = None
    targets: Annotated[list[RowTarget], BeforeValidator(_list)] = []
    defines: Annotated[list[str], BeforeValidator(_list)] = []


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A line that holds no design.

    Attributes:
        line: counts from 1.
        reason: why, in one clause.
    """

    line: int
    reason: str


def rows(path: Path) -> Iterator[Row | BrokenRow]:
    """Every row of a dataset, broken ones as such; blank lines are no rows.

    Raises:
        StorageError: the file cannot be read.
    """
    try:
        with path.open("rb") as stream:
            for number, line in enumerate(stream, start=1):
                if line.strip():
                    yield _row(number, line)
    except OSError as error:
        raise StorageError(
            f"{path} cannot be read: {error.strerror or error}.", "Check that it is there and readable."
        ) from error


def _row(number: int, line: bytes) -> Row | BrokenRow:
    try:
        row = Row.model_validate_json(line)
        macros(row.defines)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        return BrokenRow(number, f"{where}: {first['msg']}" if where else first["msg"])
    except SettingsError as error:
        return BrokenRow(number, f"defines: {error.what}")
    return row


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
