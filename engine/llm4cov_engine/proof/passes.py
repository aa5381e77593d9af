"""The passes of Yosys that turn instrumented RTL into gates, and the files they need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm4cov_engine.proof.netlist import BUFFER, CHECK

if TYPE_CHECKING:
    from llm4cov_engine.design.design import Design

LIBRARY_FILE = "llm4cov_library.v"
NETLIST_FILE = "llm4cov_netlist.json"

_HIDDEN = "llm4cov_defined_"

_LARGEST_PRODUCT = 400
"""Bits of one operand times bits of the other; what is larger is not decided in time, whatever it is."""

_LARGEST_MEMORY = 8192
_LARGEST_TABLE = 65536
"""Bits of a memory that is written, and of one that is not."""

_ARITHMETIC = """\
(* techmap_celltype = "${kind}" *)
module llm4cov_{kind} (A, B, Y);
  parameter A_SIGNED = 0; parameter B_SIGNED = 0;
  parameter A_WIDTH = 1; parameter B_WIDTH = 1; parameter Y_WIDTH = 1;
  parameter _TECHMAP_CONSTMSK_A_ = 0; parameter _TECHMAP_CONSTMSK_B_ = 0;
  input [A_WIDTH-1:0] A; input [B_WIDTH-1:0] B; output [Y_WIDTH-1:0] Y;
  wire [Y_WIDTH-1:0] any;
  \\$anyseq #(.WIDTH(Y_WIDTH)) free (.Y(any));
  generate if (A_WIDTH * B_WIDTH > {largest} && !(&_TECHMAP_CONSTMSK_B_) && !(&_TECHMAP_CONSTMSK_A_)) begin
    assign Y = any;
  end else begin
    wire [Y_WIDTH-1:0] defined;
    \\{hidden}{kind} #(.A_SIGNED(A_SIGNED), .B_SIGNED(B_SIGNED), .A_WIDTH(A_WIDTH), .B_WIDTH(B_WIDTH),
      .Y_WIDTH(Y_WIDTH)) operator (.A(A), .B(B), .Y(defined));
    assign Y = {guard} ? defined : any;
  end endgenerate
endmodule
"""
"""A division by zero has any result: the language says x, the simulator 0, Yosys something else. What is too
large to be decided has any result, too."""

_POWER = """\
(* techmap_celltype = "$pow" *)
module llm4cov_pow (A, B, Y);
  parameter A_SIGNED = 0; parameter B_SIGNED = 0;
  parameter A_WIDTH = 1; parameter B_WIDTH = 1; parameter Y_WIDTH = 1;
  input [A_WIDTH-1:0] A; input [B_WIDTH-1:0] B; output [Y_WIDTH-1:0] Y;
  \\$anyseq #(.WIDTH(Y_WIDTH)) free (.Y(Y));
endmodule
"""

_MEMORY = """\
(* techmap_celltype = "$mem_v2" *)
module llm4cov_mem_v2 (RD_CLK, RD_EN, RD_ARST, RD_SRST, RD_ADDR, RD_DATA, WR_CLK, WR_EN, WR_ADDR, WR_DATA);
  parameter MEMID = ""; parameter SIZE = 0; parameter OFFSET = 0; parameter ABITS = 0; parameter WIDTH = 0;
  parameter INIT = 0;
  parameter RD_PORTS = 1; parameter RD_CLK_ENABLE = 0; parameter RD_CLK_POLARITY = 0;
  parameter RD_TRANSPARENCY_MASK = 0; parameter RD_COLLISION_X_MASK = 0; parameter RD_WIDE_CONTINUATION = 0;
  parameter RD_CE_OVER_SRST = 0; parameter RD_ARST_VALUE = 0; parameter RD_SRST_VALUE = 0;
  parameter RD_INIT_VALUE = 0;
  parameter WR_PORTS = 1; parameter WR_CLK_ENABLE = 0; parameter WR_CLK_POLARITY = 0;
  parameter WR_PRIORITY_MASK = 0; parameter WR_WIDE_CONTINUATION = 0;
  input [RD_PORTS-1:0] RD_CLK, RD_EN, RD_ARST, RD_SRST;
  input [RD_PORTS*ABITS-1:0] RD_ADDR;
  output [RD_PORTS*WIDTH-1:0] RD_DATA;
  input [WR_PORTS-1:0] WR_CLK;
  input [WR_PORTS*WIDTH-1:0] WR_EN, WR_DATA;
  input [WR_PORTS*ABITS-1:0] WR_ADDR;
  wire _TECHMAP_FAIL_ = SIZE * WIDTH <= (WR_PORTS == 0 ? {table} : {memory});
  \\$anyseq #(.WIDTH(RD_PORTS*WIDTH)) free (.Y(RD_DATA));
endmodule
"""
"""Every word of a large memory is any value, anew in every step."""

_OPERATORS = ("mul", "div", "mod", "divfloor", "modfloor")

_SLANG_OPTIONS = (
    "--single-unit",
    "--keep-hierarchy",
    "--unroll-limit 65536",
    "--allow-use-before-declare",
    "--relax-enum-conversions",
    "--relax-string-conversions",
    "--allow-hierarchical-const",
    "--allow-merging-ansi-ports",
    "--allow-bare-value-param-assigment",
    "--ignore-timing",
    # Of a module with several widths, the points of the widest are watched in all.
    "-Wno-index-oob -Wno-range-oob",
)
"""What Verilator takes; timing is looked after elsewhere (`obstacles`)."""

_SIMULATOR = ("SYSTEMVERILOG", "VERILATOR", "VERILATOR_TIMING", "verilator", "verilator3")
"""What Verilator defines by itself."""

_SYNTHESIS = ("SYNTHESIS", "YOSYS", "FORMAL", "__slang__")
"""What the front ends define by themselves, and Verilator does not: the RTL has to look as it does there."""

_GATES = (
    "hierarchy -top {top}",
    "delete t:$assume t:$assert t:$cover t:$live t:$fair t:$print",
    f"chtype -set {CHECK} t:$check",
    f"setattr -set keep 1 t:{CHECK}",
    "flatten",
    "opt_clean",
    "memory_collect",
    f"techmap -map {LIBRARY_FILE} t:$mem_v2",
    "memory_map -keepdc",
    "opt_clean",
    # What nothing drives is x too, but keeps one value: it stands behind buffers, which are left alone.
    f"chtype -set {BUFFER} t:$buf",
    f"setattr -set keep 1 t:{BUFFER}",
    f"setundef -anyseq t:{BUFFER} %n",
    "wreduce -keepdc t:$mul t:$div t:$mod t:$divfloor t:$modfloor",
    f"techmap -map {LIBRARY_FILE} t:$pow {' '.join(f't:${kind}' for kind in _OPERATORS)}",
    *(f"chtype -set ${kind} t:{_HIDDEN}{kind}" for kind in _OPERATORS),
    "techmap",
    # Mapping an index makes x of what is out of range.
    f"setundef -anyseq t:{BUFFER} %n",
    "dffunmap",
    "simplemap",
    "dffunmap",
    "opt_clean",
    f"setattr -unset src t:{CHECK} t:$_*DFF* t:$_*LATCH* %u %u %n",
    f"write_json {NETLIST_FILE}",
)


def library() -> str:
    """The text of `LIBRARY_FILE`."""
    operators = (
        _ARITHMETIC.format(
            kind=kind, hidden=_HIDDEN, largest=_LARGEST_PRODUCT, guard="1'b1" if kind == "mul" else "|B"
        )
        for kind in _OPERATORS
    )
    memory = _MEMORY.format(table=_LARGEST_TABLE, memory=_LARGEST_MEMORY)
    return "\n".join((*operators, _POWER, memory))


def slang_passes(design: Design) -> list[str]:
    """Passes with slang as the front end, which understands most."""
    parameters = "".join(f" -G {name}={_quoted(value)}" for name, value in design.parameters.items())
    folders = "".join(f" -I {_quoted(folder)}" for folder in design.include_dirs)
    files = " ".join(_quoted(source.name) for source in design.sources)
    undefined = "".join(f" -U {name}" for name in _undefined(design))
    options = f"{' '.join(_SLANG_OPTIONS)}{undefined}{_defines(design)}{parameters}{folders}"
    return [f"read_slang {options} --top {design.top} {files}", *_gates(design.top)]


def verilog_passes(design: Design) -> list[str]:
    """Passes with Yosys's own front end, for what slang's refuses; sources begin with `verilog_head`."""
    folders = "".join(f" -I{_quoted(folder)}" for folder in design.include_dirs)
    files = " ".join(_quoted(source.name) for source in design.sources)
    parameters = "".join(f" -chparam {name} {_quoted(value)}" for name, value in design.parameters.items())
    return [
        f"read_verilog -sv -formal{_defines(design)}{folders} {files}",
        f"hierarchy -check -top {design.top}{parameters}",
        "proc",
        *_gates(design.top),
    ]


def verilog_head(design: Design) -> str:
    """What has to stand before each source for Yosys's own front end, in its first line."""
    return "".join(f"`undef {name} " for name in _undefined(design))


def _defines(design: Design) -> str:
    own = dict.fromkeys(_SIMULATOR, "1") | dict(design.defines)
    return "".join(f" -D {name}={_quoted(value)}" for name, value in own.items())


def _undefined(design: Design) -> list[str]:
    return [name for name in _SYNTHESIS if name not in design.defines]


def _gates(top: str) -> list[str]:
    return [each.format(top=top) if "{top}" in each else each for each in _GATES]


def _quoted(text: str) -> str:
    return f'"{text}"' if any(letter in text for letter in " ;#\t") else text
