"""Nothing of the machine goes out, and nothing else is lost."""

from __future__ import annotations

import getpass
import json
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm4cov_engine.dataset.export.scrub import PATH, REMOVED, Scrubber
from tests.engine.dataset.export.stories import design

SECRET = "canary-secret-0123456789"
BARE = Scrubber()


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Scrubber:
    monkeypatch.setenv("HOME", "/canaryhomes/canaryuser")
    monkeypatch.setenv("USER", "canaryuser")
    monkeypatch.setenv("LOGNAME", "canaryuser")
    monkeypatch.setenv("MY_API_KEY", SECRET)
    monkeypatch.setattr(socket, "gethostname", lambda: "canaryhost.example.org")
    monkeypatch.chdir(tmp_path)
    return Scrubber.of_this_machine()


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("see /canaryhomes/canaryuser/chips/a.sv:3", "see ~/chips/a.sv:3"),
        ("-I/canaryhomes/canaryuser/inc", "-I~/inc"),
        ("in /canaryhomes/canaryuser.", "in ~."),
        ("by canaryuser on canaryhost", "by user on host"),
        ("at canaryhost.example.org:8000", "at host:8000"),
        (f"key={SECRET};", f"key={REMOVED};"),
        ("canaryusers are many", "canaryusers are many"),
        ("module canaryuser_fifo;", "module canaryuser_fifo;"),
    ],
)
def test_what_is_known_of_this_machine_goes(machine: Scrubber, text: str, left: str) -> None:
    assert machine.text(text) == left


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("%Error: /home/alice/chips/rtl/a.sv:3:1: no", "%Error: a.sv:3:1: no"),
        ("+incdir+/home/alice/inc", f"+incdir+{PATH}"),
        ("-y/tools/cells -f/home/a/files.f", f"-y{PATH} -ffiles.f"),
        ('`include "/proj/x/defs.svh"', '`include "defs.svh"'),
        ("//home/alice/a.sv", "/a.sv"),
        ("file:///home/alice/a.sv", "a.sv"),
        ("at /weird/place/of/mine", f"at {PATH}"),
        ("in /weird/a.sv,", "in a.sv,"),
        (r"C:\Users\Alice\chips\a.sv", "a.sv"),
        ('"/tmp/x"', f'"{PATH}"'),
        ("key sk-abcdefghijklmnop0123", f"key {REMOVED}"),
        ("hf_abcdefghijklmnopqrst", REMOVED),
        ("Authorization: Bearer abcdefghijklmnop1234", f"Authorization: Bearer {REMOVED}"),
        ("https://bob:hunter2@git.example.org/x.git", f"https://{REMOVED}@git.example.org/x.git"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----", REMOVED),
    ],
)
def test_what_looks_like_it_goes(text: str, left: str) -> None:
    assert BARE.text(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "assign y = a / b / c;",
        "assign y = a /b/ c;",
        "assign y = (a)/tmp/b;",
        "assign y = x[3]/data/z;",
        "// a/b/c and rtl/core/alu.sv",
        "/* text */ a = b; /*/ x */",
        "https://example.org/a/b/c",
        "`timescale 1ns/1ps",
        "and/or, read/write/modify",
        "@(posedge clk) /* a */ y <= 8'h2f;",
        "mask-abcdefghijklmnopqrstuvwxyz",
        '$display("a:\\tb\\n");',
        "<p>text</p>",
        "0/1/2 3/4",
    ],
)
def test_what_is_no_such_thing_stays(text: str) -> None:
    assert BARE.text(text) == text


def test_a_design_keeps_its_own_words(machine: Scrubber) -> None:
    about = design("canaryuser", extra="// written by canaryhost\n", root=Path("/elsewhere/chips"))
    own = machine.within(about)
    assert own.text("module canaryuser; // on canaryhost") == "module canaryuser; // on host"
    assert own.text("/elsewhere/chips/rtl/a.sv") == "rtl/a.sv"


def test_this_machine_is_known() -> None:
    scrubber = Scrubber.of_this_machine()
    assert str(Path.home()) not in scrubber.text(f"{Path.home()}/x/y.sv {Path.cwd()}/z.sv")
    user = getpass.getuser()
    if user in scrubber.names:
        assert user not in scrubber.text(f"by {user}.").split()


def test_every_text_of_a_value(machine: Scrubber) -> None:
    value = {"a": [SECRET, {"b": ("x", SECRET)}], "n": 3, "f": None, "t": True}
    assert machine.value(value) == {"a": [REMOVED, {"b": ["x", REMOVED]}], "n": 3, "f": None, "t": True}


around = st.text(st.sampled_from("ab /\n\t.,;:(){}[]=+\"'<>*&|#@!?é "), max_size=20)


@given(before=around, after=around)
def test_no_neighbourhood_saves_a_secret(before: str, after: str) -> None:
    scrubber = Scrubber(secrets=(SECRET,))
    assert SECRET not in scrubber.text(f"{before}{SECRET}{after}")


@given(
    before=st.sampled_from(list(" \n\t\"'(=:;,+<>[{|&!*@-I")),
    rest=st.sampled_from(["", "/b.sv", "/c/d", ":3", " x"]),
)
def test_no_neighbourhood_saves_a_home(before: str, rest: str) -> None:
    text = f"x {before}/home/canaryuser{rest}"
    if before == "I":
        text = f"x -I/home/canaryuser{rest}"
    assert "canaryuser" not in json.dumps(BARE.text(text))


@given(text=st.text(max_size=200))
def test_scrubbing_again_changes_nothing(text: str) -> None:
    once = BARE.text(text)
    assert BARE.text(once) == once
