"""What the store survives: kills, a full disk, a folder that cannot be written, damage, company."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from llm4cov_engine import Llm4CovError, SessionError, SessionStore, StorageError, Testbench, Transition
from tests.engine.session import records

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[3]

RECORDER = """
import os, sys
from itertools import islice
from pathlib import Path
from llm4cov_engine import SessionStore
from tests.engine.session import records

with SessionStore.open(Path(sys.argv[1])) as store:
    session = store.load(sys.argv[2])
    rounds = int(sys.argv[3])
    for transition in islice(records.walk(26), rounds):
        session.record(transition)
        # Reported only after record() has returned, past any buffer of ours.
        os.write(1, b".")
"""


def python(code: str, *arguments: str, **options: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        bufsize=0,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **options,
    )


def test_a_kill_at_any_moment_loses_no_recorded_round(tmp_path: Path) -> None:
    path = tmp_path / "sessions.db"
    chance = random.Random(1)
    for _ in range(8):
        with SessionStore.open(path) as store:
            session = store.create(records.DESIGN, policy="builtin").id
        process = python(RECORDER, str(path), session, "1000000")
        assert process.stdout is not None
        reported = len(process.stdout.read(1))
        time.sleep(chance.uniform(0, 0.1))
        process.send_signal(signal.SIGKILL)
        rest, errors = process.communicate(timeout=60)
        reported += len(rest)
        assert process.returncode == -signal.SIGKILL, errors.decode()
        with SessionStore.open(path) as store:
            rounds = list(store.load(session).transitions())
            # One more may have been stored before it could be reported.
            assert len(rounds) in (reported, reported + 1)
            assert [each.proposal.seed for each in rounds] == list(range(1, len(rounds) + 1))
            assert all(each.state == before.result for before, each in pairwise(rounds))


def test_processes_record_side_by_side(tmp_path: Path) -> None:
    path = tmp_path / "sessions.db"
    with SessionStore.open(path) as store:
        shared = store.create(records.DESIGN, policy="builtin")
        own = [store.create(records.DESIGN, policy="builtin") for _ in range(2)]
        started = [python(RECORDER, str(path), each.id, "25") for each in (shared, shared, *own)]
        for process in started:
            _, errors = process.communicate(timeout=120)
            assert process.returncode == 0, errors.decode()
        assert [node.number for node in shared.nodes] == list(range(51))
        for session in own:
            assert list(session.transitions()) == records.chain(25)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of two megabytes."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], capture_output=True, check=False
    )
    if not mounted or mounted.returncode:
        pytest.skip("this user may not mount a small disk")
    yield folder
    subprocess.run(["umount", folder], check=True)


def big(number: int) -> Transition:
    """A round whose testbench does not deflate."""
    text = random.Random(number).randbytes(150_000).hex()
    first = records.chain(1)[0]
    return Transition(
        first.state, records.proposal(number, testbench=Testbench("tb.sv", text)), records.feedback(number)
    )


def test_a_full_disk_is_said_and_loses_nothing(small_disk: Path) -> None:
    with SessionStore.open(small_disk / "sessions.db") as store:
        session = store.create(records.DESIGN, policy="builtin")
        stored = []
        with pytest.raises(StorageError) as caught:  # noqa: PT012
            for number in range(1, 100):
                session.record(big(number))
                stored.append(number)
        assert "full" in caught.value.what
        assert "space" in caught.value.remedy
        assert stored
        assert [each.proposal.seed for each in session.transitions()] == stored
    with SessionStore.open(small_disk / "sessions.db") as store:
        assert [each.proposal.seed for each in store.load(session.id).transitions()] == stored
        # With space again, it goes on.
        subprocess.run(["mount", "-o", "remount,size=8m", small_disk], check=True)
        store.load(session.id).record(big(1000))
        assert len(store.load(session.id).nodes) == len(stored) + 2


def test_a_disk_that_is_full_from_the_start_is_said(small_disk: Path) -> None:
    filler = small_disk / "filler"
    with filler.open("wb", buffering=0) as file:
        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(small_disk).free)
    store = SessionStore.open(small_disk / "project" / "sessions.db")
    with pytest.raises(StorageError) as caught:
        store.create(records.DESIGN, policy="builtin")
    assert caught.value.remedy


LIMITED = """
import resource, sys
from pathlib import Path
from llm4cov_engine import SessionStore, StorageError
from tests.engine.session import records
from tests.engine.session.test_durability import big

with SessionStore.open(Path(sys.argv[1])) as store:
    session = store.load(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
    for number in range(1, 100):
        try:
            session.record(big(number))
        except StorageError as error:
            print(len(session.nodes) - 1, error.what, error.remedy, sep="|")
            break
"""


def test_a_limit_on_the_size_of_files_is_said_and_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "sessions.db"
    with SessionStore.open(path) as store:
        session = store.create(records.DESIGN, policy="builtin").id
    output, errors = python(LIMITED, str(path), session).communicate(timeout=120)
    assert output, errors.decode()
    stored, what, remedy = output.decode().strip().split("|")
    assert int(stored) > 0
    assert str(path) in what
    assert "space" in remedy
    with SessionStore.open(path) as store:
        assert len(list(store.load(session).transitions())) == int(stored)


UNPRIVILEGED = """
import os, sys
from pathlib import Path
from llm4cov_engine import *
from tests.engine.session import records
import llm4cov_engine.session.store

# Root may write anywhere. From here on nothing can be imported where only root may read.
if os.geteuid() == 0:
    os.seteuid(65534)
folder = Path(sys.argv[1])
try:
    SessionStore.open(folder / ".llm4cov" / "sessions.db").create(records.DESIGN, policy="builtin")
except StorageError as error:
    print(error.what, error.remedy, sep="|")
with SessionStore.for_folder(folder) as store:
    print(store.path)
    store.create(records.DESIGN, policy="builtin").record(records.chain(1)[0])
"""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can get to, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="llm4cov-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("with_store", [False, True])
def test_a_read_only_project_is_said_and_has_its_sessions_elsewhere(
    open_folder: Path, with_store: bool
) -> None:
    project, data = open_folder / "project", open_folder / "data"
    project.mkdir()
    data.mkdir()
    data.chmod(0o777)
    if with_store:
        with SessionStore.for_folder(project) as store:
            store.create(records.DESIGN, policy="builtin")
        for path in (project / ".llm4cov").iterdir():
            path.chmod(0o444)
        (project / ".llm4cov").chmod(0o555)
    project.chmod(0o555)
    environment = os.environ | {"LLM4COV_DATA_DIR": str(data)}
    output, errors = python(UNPRIVILEGED, str(project), env=environment).communicate(timeout=60)
    project.chmod(0o755)
    assert not errors, errors.decode()
    said, used = output.decode().splitlines()
    assert "cannot be" in said.split("|")[0]
    assert "writable" in said.split("|")[1]
    assert used == str(data / "sessions.db")


def damaged_store(path: Path, damage: str) -> str:
    with SessionStore.open(path) as store:
        session = store.create(records.DESIGN, policy="builtin")
        for number in range(1, 4):
            session.record(big(number))
    content = path.read_bytes()
    match damage:
        case "noise":
            path.write_bytes(random.Random(2).randbytes(len(content)))
        case "text":
            path.write_text("This is a note to myself.\n" * 1000)
        case "head":
            path.write_bytes(content[:100] + bytes(1000) + content[1100:])
        case "short":
            path.write_bytes(content[: len(content) // 2])
        case "zeroed":
            path.write_bytes(content[:16384] + bytes(len(content) - 16384))
    return session.id


@pytest.mark.parametrize("damage", ["noise", "text", "head", "short", "zeroed"])
def test_a_damaged_store_is_said_and_not_overwritten(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "sessions.db"
    session = damaged_store(path, damage)
    before = path.read_bytes()
    with pytest.raises(Llm4CovError) as caught, SessionStore.open(path) as store:
        list(store.load(session).transitions())
    assert str(path) in caught.value.what or session in caught.value.what
    assert "damaged" in caught.value.what
    assert caught.value.remedy
    assert path.read_bytes() == before


def test_a_content_that_has_changed_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "sessions.db"
    with SessionStore.open(path) as store:
        session = store.create(records.DESIGN, policy="builtin")
        session.record(big(1))
        with store._database.writing() as connection:
            connection.execute("UPDATE blob SET data = x'00' WHERE length(data) > 100000")
        with pytest.raises(StorageError, match=r"Round 1 of session .* is damaged"):
            list(store.load(session.id).transitions())
        # The tree can still be looked at.
        assert len(store.load(session.id).nodes) == 2


def test_a_store_another_process_holds_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llm4cov_engine.session.database.BUSY_SECONDS", 0.2)
    path = tmp_path / "sessions.db"
    with SessionStore.open(path) as store, SessionStore.open(path) as other:
        session = store.create(records.DESIGN, policy="builtin")
        with other._database.writing(), pytest.raises(StorageError, match="Another process"):
            session.record(records.chain(1)[0])
        session.record(records.chain(1)[0])
        assert len(session.nodes) == 2


def test_an_interrupted_block_leaves_no_trace(tmp_path: Path) -> None:
    with SessionStore.open(tmp_path / "sessions.db") as store:
        with pytest.raises(KeyboardInterrupt), store._database.writing() as connection:  # noqa: PT012
            connection.execute("INSERT INTO blob VALUES ('half', x'00')")
            raise KeyboardInterrupt
        with store._database.reading() as connection:
            assert connection.execute("SELECT count(*) FROM blob").fetchone() == (0,)


def test_a_folder_is_no_store(tmp_path: Path) -> None:
    with pytest.raises((StorageError, SessionError)) as caught:
        SessionStore.open(tmp_path)
    assert caught.value.remedy
