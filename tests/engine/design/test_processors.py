"""Loading whole repositories of processors, as their packages lay them out."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from llm4cov_engine.design.loading import load
from llm4cov_engine.design.options import DesignOptions
from llm4cov_engine.elaboration import elaborate
from llm4cov_engine.errors import AmbiguousTopError, ElaborationError


def package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        pytest.skip(f"{name} is not installed")
    (folder,) = (
        path for path in Path(spec.submodule_search_locations[0]).iterdir() if "verilog" in path.name
    )
    return folder


@pytest.mark.parametrize(
    ("name", "top", "clock", "reset", "low", "asynchronous"),
    [
        ("pythondata_cpu_picorv32", "picorv32", "clk", "resetn", True, False),
        ("pythondata_cpu_picorv32", "picosoc", "clk", "resetn", True, False),
        ("pythondata_cpu_serv", "serv_rf_top", "clk", "i_rst", False, False),
        ("pythondata_cpu_serv", "servant", "wb_clk", "wb_rst", False, False),
        ("pythondata_cpu_ibex", "ibex_alu", None, None, False, False),
        ("pythondata_cpu_ibex", "ibex_top", "clk_i", "rst_ni", True, True),
    ],
)
def test_a_top_out_of_a_repository(
    name: str, top: str, clock: str | None, reset: str | None, low: bool, asynchronous: bool
) -> None:
    design = load(package(name), DesignOptions(top=top))
    assert all(not source.name.startswith(("/", "..")) for source in design.sources)
    found = elaborate(design)
    assert [each.port for each in found.clocks[:1]] == ([clock] if clock else [])
    assert [(each.port, each.active_low, each.asynchronous) for each in found.resets[:1]] == (
        [(reset, low, asynchronous)] if reset else []
    )


def test_repositories_with_several_tops_say_so() -> None:
    with pytest.raises(AmbiguousTopError) as error:
        load(package("pythondata_cpu_serv") / "rtl")
    assert error.value.candidates == ("serv_rf_top", "serv_synth_wrapper")
    with pytest.raises(AmbiguousTopError) as error:
        load(package("pythondata_cpu_ibex") / "rtl" / "ibex_core.f")
    assert "ibex_core" in error.value.candidates


def test_a_part_of_a_repository_says_what_it_lacks() -> None:
    rtl = package("pythondata_cpu_ibex") / "rtl"
    with pytest.raises(ElaborationError) as error:
        load(rtl / "ibex_core.f", DesignOptions(top="ibex_core"))
    assert "prim_assert.sv" in error.value.what
    assert "-I" in error.value.remedy


def test_include_folders_mend_it() -> None:
    root = package("pythondata_cpu_ibex")
    folders = ("vendor/lowrisc_ip/ip/prim/rtl", "vendor/lowrisc_ip/dv/sv/dv_utils")
    options = DesignOptions(top="ibex_ex_block", include_dirs=tuple(root / folder for folder in folders))
    design = load(root / "rtl" / "ibex_ex_block.sv", options)
    assert design.root == root
    assert "rtl/ibex_multdiv_fast.sv" in [source.name for source in design.sources]
