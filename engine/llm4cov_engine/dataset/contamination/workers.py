"""Comparing on all cores: workers that hold the index and end with whoever started them."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING

from llm4cov_engine.dataset.contamination.index import Index

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Future

    from llm4cov_engine.dataset.contamination.index import Document, Match
    from llm4cov_engine.dataset.contamination.rouge import Tokenization

CHUNK = 100
"""Designs a worker is given at a time."""

_PR_SET_PDEATHSIG = 1

Found = list[tuple["Document", list["Match"]]]
Judge = tuple[tuple["Document", ...], "Tokenization", float]
"""What an index is made of."""


@contextmanager
def comparing(judge: Judge, jobs: int) -> Iterator[Callable[[Iterable[Document]], Iterator[Found]]]:
    """A function that compares documents chunk by chunk, in their order, on so many cores."""
    if jobs == 1:
        index = Index(*judge)
        yield lambda documents: (_compared(index, chunk) for chunk in _chunks(documents))
        return
    pool = ProcessPoolExecutor(
        jobs,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin,
        initargs=(judge, os.getpid()),
    )
    try:
        yield lambda documents: _in_order(pool, documents, 3 * jobs)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _in_order(pool: ProcessPoolExecutor, documents: Iterable[Document], ahead: int) -> Iterator[Found]:
    """Results in the order of the documents, with only so many chunks under way."""
    under_way: deque[Future[Found]] = deque()
    for chunk in _chunks(documents):
        under_way.append(pool.submit(_compare, chunk))
        if len(under_way) >= ahead:
            yield under_way.popleft().result()
    while under_way:
        yield under_way.popleft().result()


def _chunks(documents: Iterable[Document]) -> Iterator[list[Document]]:
    waiting = iter(documents)
    while chunk := list(islice(waiting, CHUNK)):
        yield chunk


def _compared(index: Index, chunk: Sequence[Document]) -> Found:
    return [(document, index.matches(document)) for document in chunk]


_index: Index | None = None
"""Of a worker process."""


def _begin(judge: Judge, parent: int) -> None:
    # Ctrl-C goes to the whole group; the parent decides. And a parent that was killed leaves no worker.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    global _index
    _index = Index(*judge)


def _compare(chunk: list[Document]) -> Found:
    assert _index is not None
    # The texts stay where they came from.
    return [(_bare(document), _index.matches(document)) for document in chunk]


def _bare(document: Document) -> Document:
    from dataclasses import replace

    return replace(document, files=())
