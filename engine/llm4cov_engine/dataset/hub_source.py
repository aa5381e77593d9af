"""Rows by the library `datasets`, an optional extra: of the hub, and in Parquet files."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from llm4cov_engine.design.dataset import BrokenRow, Row, row_of
from llm4cov_engine.errors import Llm4CovError, SettingsError, ToolError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from llm4cov_engine.dataset.sources import HubOptions

NumberedRow = tuple[int, Row | BrokenRow]


def parquet_rows(path: Path) -> Iterator[NumberedRow]:
    """The rows of a Parquet file.

    Raises:
        ToolError: the library is missing, or cannot read the file.
    """
    with _translated(str(path)):
        import pyarrow.parquet

        with pyarrow.parquet.ParquetFile(path) as file:
            number = 0
            for batch in file.iter_batches(batch_size=_BATCH):
                for values in batch.to_pylist():
                    number += 1
                    yield number, row_of(number, values)


_BATCH = 64
"""Rows held at a time."""


def hub_rows(name: str, options: HubOptions) -> Iterator[NumberedRow]:
    """The rows of a dataset of the hub, read as they arrive.

    Raises:
        SettingsError: it has several splits or subsets, and none is chosen.
        ToolError: the library is missing, or the hub does not give the dataset out.
    """
    with _translated(f"{name} of the hub"):
        import datasets

        found: Any = datasets.load_dataset(
            name, name=options.subset or None, revision=options.revision or None, streaming=True
        )
        for number, values in enumerate(found[_split(name, list(found), options.split)], start=1):
            yield number, row_of(number, values)


def _split(name: str, there: list[str], wanted: str) -> str:
    if wanted in there:
        return wanted
    if not wanted and len(there) == 1:
        return there[0]
    what = f"has no split {wanted}" if wanted else f"has {len(there)} splits, and none is chosen"
    raise SettingsError(f"{name} {what}.", f"Choose one with --split: {', '.join(there)}.")


@contextmanager
def _translated(what: str) -> Iterator[None]:
    """Turn what the libraries raise, which is of many kinds, into errors for people."""
    try:
        yield
    except Llm4CovError:
        raise
    except ImportError as error:
        raise ToolError(
            f"{what} needs the library {error.name or 'datasets'}, which is not installed.",
            "Install the extra: pip install 'llm4cov-assist[hub]'.",
        ) from error
    except Exception as error:
        raise _explained(what, error) from error


def _explained(what: str, error: Exception) -> Llm4CovError:
    text = str(error).strip()
    kind = type(error).__name__
    if kind == "DatasetNotFoundError":
        return ToolError(
            f"{what} is not there, or not for everybody.",
            "Check the name; for a dataset that is not public, set HF_TOKEN.",
        )
    if "Config name is missing" in text:
        return SettingsError(
            f"{what} has several subsets, and none is chosen.",
            f"Choose one with --subset: {', '.join(_quoted(text))}.",
        )
    if isinstance(error, ConnectionError) or any(name in f"{kind} {text}" for name in _UNREACHABLE):
        return ToolError(f"{what} cannot be reached.", "Check the network, and HF_ENDPOINT if it is set.")
    first = text.splitlines()[0] if text else kind
    return ToolError(f"{what} cannot be read: {first.rstrip('.')}.", "Check that it is a dataset of designs.")


_UNREACHABLE = ("ConnectError", "ConnectionError", "LocalEntryNotFoundError", "OfflineMode", "Timeout")
"""In the name or the text of what the libraries raise when nobody answers."""


def _quoted(text: str) -> list[str]:
    """Names in quotation marks that a message lists in brackets."""
    inside = text.partition("[")[2].partition("]")[0]
    return [part.strip(" '\"") for part in inside.split(",")]
