from __future__ import annotations

from pathlib import Path

from llm4cov_engine.simulator.log import MOST_CHARACTERS, bounded, tidy


def test_figures_that_differ_from_run_to_run_are_left_out() -> None:
    output = (
        "- V e r i l a t i o n   R e p o r t:  rev 1\n"
        "- Verilator: Walltime 0.013 s (elab=0.001, cvt=0.006, bld=0.000); cpu 0.012 s\n"
        "hello\n"
        "- tb.sv:3: Verilog $finish\n"
    )
    assert tidy(output, {}) == "hello\n- tb.sv:3: Verilog $finish\n"


def test_paths_of_this_machine_are_left_out() -> None:
    places = {Path("/w/1"): "", Path("/w/1/model"): "model", Path("/usr/verilator"): "verilator"}
    output = "/w/1/a.sv:3 /w/1/model/V.cpp in '/w/1' /usr/verilator/include/v.h\n"
    assert tidy(output, places) == "a.sv:3 model/V.cpp in '.' verilator/include/v.h\n"


def test_a_long_log_keeps_its_beginning_and_its_end() -> None:
    text = "".join(f"{number}\n" for number in range(100_000))
    short = bounded(text)
    assert len(short) < MOST_CHARACTERS + 100
    assert short.startswith("0\n1\n")
    assert short.endswith("99998\n99999\n")
    assert f"[... {len(text) - MOST_CHARACTERS} characters left out ...]" in short
    assert bounded("short") == "short"
