from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from llm4cov_engine.errors import StorageError
from llm4cov_engine.files import write_text


def test_folders_are_made_and_text_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.txt"
    write_text(path, "first")
    path.chmod(0o640)
    write_text(path, "zweite Fassung äöü")
    assert path.read_text("utf-8") == "zweite Fassung äöü"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert list(path.parent.iterdir()) == [path]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target = tmp_path / "target.txt"
    target.write_text("old")
    link = tmp_path / "link.txt"
    link.symlink_to(target)
    write_text(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_what_is_no_file_is_written_to_as_it_is(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_text(pipe, "through")
        assert os.read(reader, 100) == b"through"
    finally:
        os.close(reader)
    assert pipe.is_fifo()


def test_a_folder_in_the_way_is_explained(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=str(tmp_path)):
        write_text(tmp_path, "text")
    with pytest.raises(StorageError):
        write_text(Path("/dev/full"), "text")
