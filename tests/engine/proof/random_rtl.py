"""Small random hardware, small enough that random stimulus reaches everything that can be reached."""

from __future__ import annotations

import random

REGISTERS = ("r", "s")
INPUTS = ("a", "b", "c")


class _Writer:
    """Writes one module of a few registers of two bits, from one seed."""

    def __init__(self, seed: int) -> None:
        self.source = random.Random(seed)

    def _pick(self, *options: str) -> str:
        return self.source.choice(options)

    def bit(self, depth: int = 2) -> str:
        """A condition of one bit."""
        if depth == 0 or self.source.random() < 0.3:
            return self._pick(
                *INPUTS,
                "r[0]",
                "r[1]",
                "s[0]",
                "w",
                f"(r == 2'd{self.source.randrange(4)})",
                f"(s != 2'd{self.source.randrange(4)})",
                f"(s > 2'd{self.source.randrange(4)})",
                "(v == r)",
            )
        left, right = self.bit(depth - 1), self.bit(depth - 1)
        return self._pick(f"({left} && {right})", f"({left} || {right})", f"(!{left})", f"({left} ^ {right})")

    def word(self) -> str:
        """An expression of two bits."""
        return self._pick(
            "r + 2'd1",
            "s - 2'd1",
            "{a, b}",
            "r ^ s",
            "r & s",
            f"2'd{self.source.randrange(4)}",
            f"({self.bit(1)} ? r : s)",
            f"({self.bit(1)} ? 2'd{self.source.randrange(4)} : {{1'b0, c}})",
            "v",
            "s << 1",
        )

    def statement(self, targets: tuple[str, ...], assign: str, depth: int = 3) -> str:
        """A statement that assigns some of the targets."""
        kind = self.source.random()
        if depth == 0 or kind < 0.25:
            return f"{self._pick(*targets)} {assign} {self.word()};"
        inner = [self.statement(targets, assign, depth - 1) for _ in range(4)]
        if kind < 0.6:
            rest = self._pick("", f" else {inner[1]}", f" else begin {inner[1]} {inner[2]} end")
            # Without its block an inner else would belong to the outer if.
            return f"if ({self.bit()}) begin {inner[0]} end{rest}"
        if kind < 0.85:
            numbers = self.source.sample(range(4), 3)
            items = " ".join(f"2'd{number}: {each}" for number, each in zip(numbers, inner, strict=False))
            return f"case ({self._pick('r', 's', '{a, c}', 'v')}) {items} default: {inner[3]} endcase"
        return f"begin {inner[0]} {inner[1]} end"

    def module(self, name: str) -> str:
        """The module's text."""
        reset = self._pick("posedge clk or negedge rst_n", "posedge clk")
        head = f"  always_ff @({reset})\n    if (!rst_n) begin r <= 2'd{self.source.randrange(4)}; end\n"
        return (
            f"module {name}(input logic clk, input logic rst_n, input logic a, input logic b, "
            "input logic c, output logic [1:0] y);\n"
            "  logic [1:0] r, s, v;\n"
            f"  logic w;\n  assign w = a & r[{self.source.randrange(2)}];\n"
            f"{head}    else begin {self.statement(('r',), '<=')} end\n"
            f"  always_ff @(posedge clk) begin {self.statement(('s',), '<=')} end\n"
            f"  always_comb begin v = r; if ({self.bit(1).replace('v', 'r')}) begin v = s; end end\n"
            f"  always_comb begin y = 2'd0; {self.statement(('y',), '=')} end\n"
            "endmodule\n"
        )


def design_text(first: int, modules: int) -> str:
    """A top with several modules, one for each seed from `first` on."""
    parts = [_Writer(first + number).module(f"m{number}") for number in range(modules)]
    ports = "input logic clk, input logic rst_n, input logic a, input logic b, input logic c"
    outputs = ", ".join(f"output logic [1:0] y{number}" for number in range(modules))
    instances = "\n".join(f"  m{number} u{number}(.*, .y(y{number}));" for number in range(modules))
    return "".join(parts) + f"module top({ports}, {outputs});\n{instances}\nendmodule\n"


def random_testbench(modules: int, steps: int) -> str:
    """Random steps: inputs, the clock or the reset change, never two of them at a time."""
    wires = ", ".join(f"y{number}" for number in range(modules))
    return f"""module tb;
  logic clk = 0, rst_n = 1, a = 0, b = 0, c = 0;
  logic [1:0] {wires};
  top dut(.*);
  initial begin
    for (int step = 0; step < {steps}; step++) begin
      #1 {{a, b, c}} = 3'($urandom);
      #1 if ($urandom % 64 == 0) rst_n = !rst_n;
      if (!rst_n && $urandom % 4 == 0) rst_n = 1;
      #1 clk = !clk;
    end
    $finish;
  end
endmodule
"""
