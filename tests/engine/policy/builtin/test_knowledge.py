"""What is learnt from the RTL before a line of stimulus is written."""

from __future__ import annotations

import pytest

from llm4cov_engine.elaboration import elaborate
from llm4cov_engine.elaboration.compilation import compiled
from llm4cov_engine.elaboration.records import Constant, Span
from llm4cov_engine.policy.builtin.comparisons import Comparison, read_comparisons
from llm4cov_engine.policy.builtin.scaling import scaled
from llm4cov_engine.policy.builtin.survey import survey
from llm4cov_engine.policy.builtin.values import Field, fields_for, literal, stem, values_for, with_neighbours
from tests.engine.policy.builtin.rtl import EVERY_KIND, design

HERE = Span("a.sv", 1, 1, 1, 2)

DEEP = """\
module lock(input logic clk, input logic [15:0] key, output logic open);
  logic half;
  always_ff @(posedge clk) begin
    if (key == 16'h5AFE) half <= 1'b1;
    else half <= 1'b0;
    if (half && key == 16'hC0DE) open <= 1'b1;
  end
endmodule
module top(
  input logic clk, hurry, input logic [31:0] bus, input logic [7:0] code, output logic open, hit);
  typedef struct packed {logic [7:0] kind; logic [15:0] key; logic [7:0] rest;} message_t;
  message_t message;
  logic [7:0] kept;
  logic [3:0] nibble;
  assign message = bus;
  assign nibble = hurry ? bus[7:4] : kept[3:0];
  lock u_lock(.clk(clk), .key(message.key), .open(open));
  always_ff @(posedge clk) begin
    kept <= code;
    hit <= kept == 8'h42 || nibble == 4'h9 || {bus[3:0], code[7:4]} == 8'h37 || bus + 32'd1 == 32'd7;
  end
endmodule
"""

TIMER = """\
module top #(parameter int unsigned HERTZ = 50_000_000, parameter int unsigned SHADES = 16) (
  input logic clk, rst, run, output logic tick, output logic [3:0] shade);
  localparam int unsigned LAST = HERTZ - 1;
  logic [$clog2(HERTZ)-1:0] count;
  always_ff @(posedge clk)
    if (rst) count <= '0;
    else if (run) count <= count == LAST[$clog2(HERTZ)-1:0] ? '0 : count + 1'b1;
  assign tick = count == 0;
  assign shade = SHADES[3:0];
endmodule
"""


def test_comparisons_are_followed_to_the_ports() -> None:
    found = {
        (each.port, each.low, each.width, each.value) for each in read_comparisons(compiled(design(DEEP)))
    }
    assert ("bus", 8, 16, 0x5AFE) in found
    assert ("bus", 8, 16, 0xC0DE) in found
    assert ("code", 0, 8, 0x42) in found
    assert ("bus", 4, 4, 0x9) in found
    assert ("code", 0, 4, 0x9) in found
    assert ("code", 4, 8, 0x37) in found
    assert not any(value == 7 for _, _, _, value in found)


def test_comparisons_know_their_place() -> None:
    places = {(each.value, each.file, each.line) for each in read_comparisons(compiled(design(DEEP)))}
    assert (0x5AFE, "rtl/top.sv", 4) in places


def constant(value: int, width: int, name: str = "") -> Constant:
    return Constant(value, width, name, HERE)


def test_values_in_the_order_of_what_they_promise() -> None:
    comparisons = [Comparison("d", 0, 8, 9, "a.sv", 1), Comparison("d", 2, 3, 7, "a.sv", 1)]
    constants = [
        constant(300, 32),
        constant(50, 32),
        constant(60, 8),
        constant(70, 16, "u.d_q"),
        constant(1, 1),
    ]
    values, sure = values_for("i_d", 8, comparisons, constants)
    assert values == (9, 70, 60, 50)
    assert sure == 1
    assert values_for("x", 2, comparisons, constants) == ((), 0)


def test_fields_that_tell_something() -> None:
    comparisons = [Comparison("d", 0, 7, value, "a.sv", 1) for value in (0x33, 0x13, 0x6F)]
    comparisons += [Comparison("d", 8, 2, value, "a.sv", 1) for value in range(4)]
    fields = fields_for("d", 16, comparisons, ["x = d[11:8]; y = d [15:12]; z = e[3:0]; m[0:3]"])
    assert fields == (Field(0, 7, (0x33, 0x13, 0x6F)), Field(8, 4), Field(12, 4))
    assert fields_for("d", 7, comparisons, []) == ()


def test_small_helpers() -> None:
    assert literal(-1, 4) == "4'hf"
    assert stem("u_core.i_data_in") == "data"
    assert stem("data_q") == "data"
    assert with_neighbours([0, 5], 3) == (0, 5, 7, 1, 4, 6)


def test_a_parameter_that_puts_a_counter_out_of_reach() -> None:
    timer = design(TIMER)
    assert scaled(timer, elaborate(timer)) == {"HERTZ": "4"}
    chosen = design(TIMER, parameters={"HERTZ": "60000000"})
    assert scaled(chosen, elaborate(chosen)) == {}
    plain = EVERY_KIND["plain"]
    assert scaled(plain, elaborate(plain)) == {}


APB = "input psel, penable, pwrite, input [7:0] paddr, input [31:0] pwdata, output pready"
AXI = """
  input [7:0] s_axi_awaddr, input s_axi_awvalid, output s_axi_awready, input [31:0] s_axi_wdata,
  input s_axi_wvalid, output s_axi_wready, output s_axi_bvalid, input s_axi_bready, input [3:0] s_axi_wstrb,
  input [7:0] s_axi_araddr, input s_axi_arvalid, output s_axi_rvalid, input s_axi_rready"""
WISHBONE = """
  input wb_cyc_i, wb_stb_i, wb_we_i, input [3:0] wb_adr_i, wb_sel_i, input [31:0] wb_dat_i, output wb_ack_o"""
PLAIN_BUS = "input we, re, input [3:0] addr, input [7:0] wdata, output [7:0] rdata"
WRITE_PORT = "input [3:0] wr_addr, input wr_en, input [7:0] wr_data, input [3:0] rd_addr"


@pytest.mark.parametrize(
    ("ports", "kinds"),
    [
        (APB, ["APB"]),
        (AXI, ["AXI4-Lite"]),
        (WISHBONE, ["Wishbone"]),
        (PLAIN_BUS, ["write enable"]),
        (WRITE_PORT, ["write enable"]),
        ("input [7:0] data, input valid, output ready", []),
        ("input we, addr, input [7:0] wdata", []),
    ],
)
def test_buses(ports: str, kinds: list[str]) -> None:
    bus_design = design(f"module top(input clk, {ports}); endmodule")
    buses = survey(bus_design, elaborate(bus_design)).buses
    assert [bus.kind for bus in buses] == kinds
    assert all(bus.write and bus.read for bus in buses)


def test_two_buses_stay_apart() -> None:
    ports = ", ".join(
        f"input {name}_psel, {name}_penable, {name}_pwrite, input [7:0] {name}_paddr, {name}_pwdata"
        for name in ("m", "s")
    )
    bus_design = design(f"module top(input clk, {ports}); endmodule")
    buses = survey(bus_design, elaborate(bus_design)).buses
    assert {bus.name for bus in buses} == {"m_apb", "s_apb"}
    names = [signal.name for bus in buses for signal in bus.signals]
    assert len(names) == len(set(names)) == 10


def test_a_bench_knows_clocks_and_resets() -> None:
    bench = survey(EVERY_KIND["clocks"], elaborate(EVERY_KIND["clocks"]))
    assert {clock.port: clock.edge for clock in bench.clocks} == {"wclk": "posedge", "rclk": "negedge"}
    assert len({clock.half for clock in bench.clocks}) == 2
    assert {reset.port: reset.active for reset in bench.resets} == {"wrst_n": "1'b0", "rrst": "1'b1"}
    assert [signal.port for signal in bench.driven] == ["d"]


def test_serial_lines_and_active_low_inputs_rest_high() -> None:
    serial = design("module top(input clk, rxd, cs_n, enable, output q); assign q = rxd; endmodule")
    bench = survey(serial, elaborate(serial))
    assert {signal.port: signal.idle for signal in bench.driven if signal.port != "clk"} == {
        "rxd": 1,
        "cs_n": 1,
        "enable": 0,
    }
