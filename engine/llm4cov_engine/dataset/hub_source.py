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
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        if "Config name is missing" in str(error):
            raise SettingsError(
                f"{what} has several subsets, and none is chosen.", f"Choose one with --subset. {first}"
            ) from error
        raise ToolError(
            f"{what} cannot be read: {first.rstrip('.')}.",
            "Check the name, the network and, for a dataset that is not public, HF_TOKEN.",
        ) from error
