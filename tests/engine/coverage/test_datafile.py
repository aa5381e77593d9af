from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm4cov_engine.coverage.coverage import Coverage
from llm4cov_engine.coverage.datafile import parse
from llm4cov_engine.coverage.layout import NoCoverageError
from llm4cov_engine.coverage.point import Metric
from tests.engine.coverage.samples import coverage, data, measured, plain_counts

HEADER = b"# SystemC::Coverage-3\n"


def entry(hits: int = 1, **keys: str) -> bytes:
    given = {"f": "dut.sv", "l": "1", "n": "3", "t": "line", "page": "v_line/dut", "o": "block"}
    fields = "".join(f"\x01{name}\x02{value}" for name, value in {**given, "h": "tb.dut", **keys}.items())
    return f"C '{fields}' {hits}\n".encode()


def read(*entries: bytes, top: str = "dut", instance: str = "dut", testbench: str = "tb.sv") -> list[str]:
    found = parse(HEADER + b"".join(entries), top=top, instance=instance, testbench=testbench)
    return [point.instance for point in found.per_instance]


@pytest.mark.parametrize("name", ["alu", "hierarchy", "machines"])
def test_the_merged_view_is_what_verilator_merges(name: str) -> None:
    assert measured(coverage(name)) == plain_counts(data(name, "plain.dat"), "tb.sv")


def test_instances_have_their_own_hits() -> None:
    parts = coverage("alu").instances
    counters = {path: part.tally.hit for path, part in parts.items() if part.module == "counter"}
    assert counters == {"dut.g[0].u_c": 18, "dut.g[1].u_c": 8, "dut.u_c4": 18, "dut.u_c8": 8}


def test_the_hierarchy_is_the_designs() -> None:
    assert list(coverage("hierarchy").instances) == [
        "dut",
        "dut.esc.name",
        "dut.esc.name.u_leaf[0]",
        "dut.esc.name.u_leaf[0].ch",
        "dut.esc.name.u_leaf[1]",
        "dut.esc.name.u_leaf[1].ch",
        "dut.gen.inner[0].w1",
        "dut.gen.inner[0].w1.u_leaf[0]",
        "dut.gen.inner[0].w1.u_leaf[0].ch",
        "dut.gen.inner[0].w1.u_leaf[1]",
        "dut.gen.inner[0].w1.u_leaf[1].ch",
    ]


def test_cover_properties_belong_to_their_instance() -> None:
    found = [(point.instance, point.what) for point in coverage("hierarchy").only([Metric.USER]).per_instance]
    assert ("dut", "cov_a") in found
    assert ("dut.gen.inner[0].w1.u_leaf[1].ch", "cov_b") in found


def test_machines_belong_to_their_instance_and_file() -> None:
    states = coverage("machines").only([Metric.FSM_STATE]).per_instance
    assert {point.instance for point in states} == {"dut.c1", "dut.g[0].c2", "dut.g[1].c2"}
    assert {(point.what, point.file, point.module) for point in states} == {
        ("state::S0", "one.sv", "t"),
        ("state::S1", "one.sv", "t"),
        ("state::S2", "one.sv", "t"),
    }
    hit = {point.instance for point in states if point.hits}
    assert hit == {"dut.c1", "dut.g[1].c2"}, "the machine whose start is tied to 0 stays in no state"


def test_machines_of_modules_that_are_not_inlined() -> None:
    # Verilator registers every machine once for every instance of the module, under two paths run together.
    states = coverage("machines", "shared.dat").only([Metric.FSM_STATE])
    assert states.tally.total == 9
    assert states.tally.hit == 6


def test_encoded_names_are_the_sources_names() -> None:
    toggles = {point.what.partition(":")[0] for point in coverage("names").only([Metric.TOGGLE]).points}
    assert {"x__y", "we.ird$[0]"} <= toggles


def test_parameterised_modules_are_shown_under_the_sources_name() -> None:
    parts = coverage("names").instances
    assert parts["u1"].module == "dutm"
    assert parts["u1.b__c"].module == "my__fifo"
    assert parts["u1.odd"].module == "odd-name"


def test_other_instances_of_the_top_do_not_count() -> None:
    one = parse(data("names"), top="dutm", instance="u1")
    other = parse(data("names"), top="dutm", instance="u4")
    assert one.tally.total != other.tally.total
    assert one.simulated_as == "tb.u1"


def test_the_only_instance_counts_whatever_its_name() -> None:
    found = parse(HEADER + entry(h="tb.uut"), top="dut", instance="dut")
    assert found.per_instance[0].instance == "dut", "paths start with the name the design gives"
    assert found.simulated_as == "tb.uut"


def test_several_instances_of_which_none_has_the_name() -> None:
    with pytest.raises(NoCoverageError, match=r"`tb\.u1`, `tb\.u2`, `tb\.u4`.*none is called `dut`"):
        parse(data("names"), top="dutm", instance="dut")


def test_the_highest_of_equal_names_is_the_dut() -> None:
    assert read(entry(h="tb.dut"), entry(h="tb.dut.deep.dut")) == ["dut", "dut.deep.dut"]
    assert read(entry(h="tb.env.dut"), entry(h="tb.dut", page="v_line/other")) == ["dut"]


def test_a_module_that_instantiates_itself() -> None:
    below = entry(h="tb.x.sub", page="v_line/dut__W2")
    assert read(entry(h="tb.x", page="v_line/dut__W4"), below) == ["dut", "dut.sub"]
    assert read(entry(h="tb.x", page="v_line/dut___Vdefparamhbc7a7729"), below) == ["dut", "dut.sub"]


def test_a_dut_without_points_of_its_own() -> None:
    inner = (entry(h="tb.dut.a", page="v_line/a"), entry(h="tb.dut.b", page="v_line/b"))
    assert read(*inner, entry(h="tb", page="v_line/tb", f="tb.sv")) == ["dut.a", "dut.b"]


def test_an_instance_of_another_module_is_not_the_dut() -> None:
    with pytest.raises(NoCoverageError, match="No instance of `dut`"):
        read(entry(h="tb.dut", page="v_line/part"), entry(h="tb.dut.x", page="v_line/x"))


def test_the_testbenchs_own_points_never_count() -> None:
    bound = entry(h="tb.dut.checker", page="v_line/checks", f="tb.sv")
    assert read(entry(), bound, entry(h="tb", f="tb.sv", page="v_line/tb")) == ["dut"]


def test_only_machines() -> None:
    state = entry(
        t="fsm_state", page="v_fsm_state/$root", o="tb.dut.st::A", Fv="tb.dut.st", Ft="A", h="TOP", n="1"
    )
    assert read(state) == ["dut"]


def test_only_cover_properties() -> None:
    assert read(entry(t="user", page="v_user/dut", o="seen", h="tb.dut.seen")) == ["dut"]


def test_unknown_kinds_are_kept_as_user_points() -> None:
    found = parse(HEADER + entry(t="covergroup", page="v_covergroup/dut", o="bin"), top="dut", instance="dut")
    assert found.per_instance[0].metric is Metric.USER


@pytest.mark.parametrize(
    ("written", "meant"),
    [("a%25b", "a%b"), ("%FFFFFFC3%FFFFFFA9", "é"), ("say %22hi%22", 'say "hi"'), ("8'h5a' 3", "8'h5a' 3")],
)
def test_quoted_characters(written: str, meant: str) -> None:
    found = parse(HEADER + entry(o=written), top="dut", instance="dut")
    assert found.per_instance[0].what == meant


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"garbage\n",
        HEADER,
        HEADER + b"C 'nonsense' 1\n",
        HEADER + entry()[:-8],
        HEADER + entry().replace(b"' 1", b"' one"),
        HEADER + b"\xff\xfe\x00\n",
    ],
)
def test_damaged_files(broken: bytes) -> None:
    with pytest.raises(NoCoverageError):
        parse(broken, top="dut", instance="dut")


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(noise: bytes) -> None:
    with pytest.raises(NoCoverageError):
        parse(HEADER + b"C '" + noise, top="dut", instance="dut")


def test_the_order_is_fixed() -> None:
    lines = [line for line in data("alu").split(b"\n")[1:] if line]
    turned = HEADER + b"\n".join(reversed(lines)) + b"\n"
    assert parse(turned, top="alu", instance="dut", testbench="tb.sv") == coverage("alu")


@pytest.mark.parametrize("name", ["alu", "hierarchy", "machines"])
def test_tallies_are_those_of_the_points(name: str) -> None:
    read_from_file = coverage(name)
    made_of_points = Coverage(read_from_file.per_instance, path=read_from_file.path)
    assert read_from_file.metrics == made_of_points.metrics
    assert list(read_from_file.metrics) == list(made_of_points.metrics)
