"""Small random modules that use much of the language, for comparing the prover with simulations."""

from __future__ import annotations

import random

_PORTS = (
    "input logic clk, input logic rst_n, input logic a, input logic b, input logic c, "
    "input logic [2:0] d, input logic ck2"
)

_INPUTS = (("a", 1), ("b", 1), ("c", 1), ("d", 3))

_COMMON = """\
module leaf #(parameter int MODE = 0, parameter [1:0] LIM = 2)
  (input logic clk, input logic rst_n, input logic e, input logic [1:0] d, output logic [1:0] q);
  generate if (MODE == 1) begin : one
    always_ff @(posedge clk)
      if (!rst_n) q <= LIM; else if (e && d < LIM) q <= d; else if (q > LIM) q <= 0;
  end else begin : other
    always_ff @(posedge clk or negedge rst_n)
      if (!rst_n) q <= 0;
      else begin
        if (e) begin if (q < LIM) q <= q + 1; else q <= 0; end
        if (MODE == 2) q <= d;
      end
  end endgenerate
endmodule
"""


class _Writer:
    """Writes the pieces of one module, from one seed."""

    def __init__(self, seed: str) -> None:
        self.source = random.Random(seed)
        self.names = list(_INPUTS)

    def pick(self, *options: str) -> str:
        return self.source.choice(options)

    def number(self, end: int) -> int:
        return self.source.randrange(end)

    def reset(self) -> str:
        return self.pick("posedge clk or negedge rst_n", "posedge clk")

    def bit(self, depth: int = 2) -> str:
        """A condition of one bit."""
        if depth == 0 or self.source.random() < 0.3:
            name, width = self.source.choice(self.names)
            if width == 1:
                return name
            value = f"{width}'d{self.number(1 << width)}"
            other, _ = self.source.choice(self.names)
            return self.pick(
                f"{name}[{self.number(width)}]",
                f"({name} {self.pick('==', '!=', '<', '>=')} {value})",
                f"({self.pick('&', '|', '^')}{name})",
                f"({name} == {other})",
            )
        left, right = self.bit(depth - 1), self.bit(depth - 1)
        return self.pick(
            f"({left} && {right})", f"({left} || {right})", f"(!{left})", f"({left} ? {right} : {left})"
        )

    def word(self, width: int) -> str:
        """An expression of some bits."""
        (name, _), (other, _) = self.source.choice(self.names), self.source.choice(self.names)
        value = f"{width}'d{self.number(1 << width)}"
        return self.pick(
            f"{name} + {other}", f"{name} - {value}", f"{name} ^ {other}", value, f"{{{name}, {other}}}",
            f"({self.bit(1)} ? {name} : {value})", f"{name} << 1", f"~{name}",
        )  # fmt: skip

    def statement(self, target: str, width: int, assign: str, depth: int = 2) -> str:
        """A statement that assigns a signal, whole or in part."""
        kind = self.source.random()
        if depth == 0 or kind < 0.22:
            if width > 1 and self.source.random() < 0.25:
                return f"{target}[{self.number(width)}] {assign} {self.bit(1)};"
            return f"{target} {assign} {self.word(width)};"
        inner = [self.statement(target, width, assign, depth - 1) for _ in range(4)]
        if kind < 0.6:
            rest = self.pick("", f"else {inner[1]}", f"else if ({self.bit(1)}) begin {inner[1]} end")
            return f"\n    if ({self.bit()}) begin {inner[0]} end {rest}"
        if kind < 0.85:
            values = self.source.sample(range(8), 3)
            items = " ".join(f"3'd{value}: {each}" for value, each in zip(values, inner, strict=False))
            return (
                f"\n    {self.pick('case', 'unique case', 'casez')} (d) {items} default: {inner[3]} endcase"
            )
        return f"begin {inner[0]} {inner[1]} end"


def _plain(w: _Writer) -> str:
    w.names += [("r", 2), ("s", 2), ("v", 2)]
    late = w.bit(1).replace("v", "r")
    return f"""  logic [1:0] r, s, v;
  always_ff @({w.reset()}) if (!rst_n) r <= 2'd{w.number(4)}; else begin {w.statement("r", 2, "<=")} end
  always_ff @(posedge clk) begin {w.statement("s", 2, "<=")} end
  always_comb begin v = r; if ({late}) v = s; end
  assign y = {{v, r}};"""


def _machine(w: _Writer) -> str:
    arms = "\n".join(
        f"      {state}: if ({w.bit()}) next = {w.pick('A', 'B', 'C')}; else if ({w.bit(1)}) next = C;"
        for state in "ABC"
        if w.source.random() < 0.9
    )
    return f"""  typedef enum logic [1:0] {{A, B, C}} state_t;
  state_t state, next; logic [1:0] n;
  always_ff @({w.reset()}) if (!rst_n) state <= A; else state <= next;
  always_comb begin next = state; unique case (state)
{arms}
      default: next = {w.pick("A", "B")}; endcase end
  always_ff @(posedge clk)
    if (state == {w.pick("A", "B", "C")}) n <= n + 2'd1; else if (next == B && a) n <= 2'd{w.number(4)};
  assign y = {{state, n}};"""


def _counter(w: _Writer) -> str:
    w.names += [("q", 4)]
    return f"""  logic [3:0] q; logic hit, over;
  always @({w.reset()})
    if (!rst_n) q <= 0;
    else if (q {w.pick("==", ">=")} {5 + w.number(10)}) q <= {w.number(4)};
    else if ({w.bit(1)}) q <= q + {w.pick("1", "2")};
  always @(posedge clk) begin
    hit <= 0; if (q == {w.number(16)}) hit <= 1;
    if (q > {w.number(16)} && b) over <= ~over;
  end
  assign y = q ^ {{3'b0, hit}} ^ {{over, 3'b0}};"""


def _memory(w: _Writer) -> str:
    depth = w.pick("3", "5", "6", "8")
    w.names += [("q", 2), ("k", 3)]
    return f"""  logic [1:0] mem [{depth}]; logic [1:0] q; logic [2:0] k;
  always_ff @(posedge clk) if ({w.bit(1)}) mem[{w.pick("d", "k")}] <= {w.word(2)};
  always_ff @({w.reset()})
    if (!rst_n) k <= 0; else if (k == {3 + w.number(5)}) k <= 0; else if (a) k <= k + 1;
  always_ff @(posedge clk) if ({w.bit(1)}) q <= mem[{w.pick("d", "k", "{b, q}")}];
  always_comb begin
    y = {{2'b0, mem[{w.pick("k", "d")}]}};
    if (mem[{w.number(3)}] == 2'd{w.number(4)} && q[0]) y[3] = 1;
    if (k > {3 + w.number(4)}) y[2] = q[1];
  end"""


def _latch(w: _Writer) -> str:
    return f"""  logic [1:0] l, m, q;
  {w.pick("always_latch", "always @*")} if ({w.bit(1)}) l = {w.pick("{b, c}", "d[1:0]", "q")};
  always @* begin if (a) m = l; else if (d == {w.number(8)}) m = 2'd{w.number(4)}; end
  always_ff @({w.reset()}) if (!rst_n) q <= 2'd{w.number(4)}; else begin {w.statement("q", 2, "<=")} end
  always_comb begin
    y = 0;
    if (l == 2'd{w.number(4)} && m == 2'd{w.number(4)}) y = 1;
    if (l > m) y[3] = q[0];
    if (m == q) y[2] = 1;
  end"""


def _clocks(w: _Writer) -> str:
    w.names += [("r", 2), ("s", 2), ("t", 2)]
    gate = w.pick("always_latch if (!clk) en = a;", "always_ff @(negedge clk) en <= a;", "assign en = a;")
    return f"""  logic [1:0] r, s, t; logic div, g, en;
  always_ff @(posedge clk or negedge rst_n) if (!rst_n) div <= 0; else div <= ~div;
  {gate}
  assign g = clk & en;
  always_ff @(posedge div) begin {w.statement("r", 2, "<=")} end
  always_ff @({w.pick("posedge g", "negedge g")}) begin {w.statement("s", 2, "<=")} end
  always_ff @({w.pick("posedge ck2", "posedge ck2 or negedge rst_n")})
    if (!rst_n) t <= 0; else begin {w.statement("t", 2, "<=")} end
  always_comb begin
    y = {{s, t}}; if (r == s && t == 2'd{w.number(4)}) y = 3;
    if (clk && !ck2 && r > t) y[0] = ~y[0];
  end"""


def _generated(w: _Writer) -> str:
    return f"""  logic [2:0][1:0] p;
  for (genvar i = 0; i < 3; i++) begin : g
    logic [1:0] q;
    if (i {w.pick("==", "!=", ">")} {w.number(3)}) begin : x
      always_ff @(posedge clk)
        if ({w.bit(1)} && d == i) q <= q + 1; else if (i == {w.number(4)}) q <= 0;
    end else begin : z
      always_ff @(posedge clk or negedge rst_n)
        if (!rst_n) q <= i; else if (q == i && {w.bit(1)}) q <= {w.pick("d[1:0]", "{a, b}")};
    end
    assign p[i] = q;
  end
  always_comb begin
    y = 0;
    for (int k = 0; k < 3; k++) begin
      if (p[k] == d[1:0] && k != {w.number(3)}) y[k] = 1;
      if (k == 3 && a) y = 7;
    end
    if (g[0].q > g[1].q) y[0] = 0;
  end"""


def _instances(w: _Writer) -> str:
    first, second = w.number(3), w.number(3)
    return f"""  logic [1:0] z, k;
  leaf #(.MODE({first}), .LIM({w.number(4)})) u0
    (.clk(clk), .rst_n(rst_n), .e({w.pick("a", "1'b1", "1'b0")}), .d(d[1:0]), .q(z));
  leaf #(.MODE({second})) u1
    (.clk(clk), .rst_n(rst_n), .e(b), .d({w.pick("z", "2'd0", "{1'b0, c}")}), .q(k));
  localparam logic [1:0] K = 2'd{w.number(4)};
  always_comb begin
    y = {{z, k}};
    if (K == 2 && a) y = 1; else if (z == K) y = 2;
    if (z == 3 && k == {w.number(4)}) y = 3;
    case (K) 2'd0: y[0] = a; 2'd1: y[1] = b; default: y[2] = c; endcase
  end"""


def _started(w: _Writer) -> str:
    w.names += [("q", 2), ("r", 2)]
    return f"""  logic [1:0] q = 2'd{w.number(4)}; logic [1:0] r; logic [1:0] rom [0:3]; integer j;
  initial begin r = 2'd{w.number(4)}; for (j = 0; j < 4; j = j + 1) rom[j] = {w.pick("j", "3 - j", "1")}; end
  always_ff @(posedge clk) if ({w.bit(1)}) q <= rom[r]; else if (q == 2'd{w.number(4)}) q <= q & r;
  always_ff @(posedge clk) if (rom[d[1:0]] == q && {w.bit(1)}) r <= r {w.pick("& q", "| q", "+ 1")};
  always_comb begin
    y = {{q, r}}; if (rom[q] == {w.number(4)}) y = 1; if (q == {w.number(4)}) y[3] = 1;
  end"""


def _unknown(w: _Writer) -> str:
    w.names += [("r", 2), ("s", 2)]
    return f"""  logic [1:0] r, s, o, left; logic none; logic once;
  always_ff @(posedge clk) if ({w.bit(1)}) r <= {w.word(2)};
  always_ff @(posedge clk) s <= s & r;
  always_ff @(posedge clk) if (left == {w.number(3)}) once <= none | a;
  always_comb
    case ({{a, r[0]}}) 2'd0: o = 2'bxx; 2'd1: o = s; 2'd2: o = {{1'bx, b}}; default: o = 2'd1; endcase
  always_comb begin
    y = 0;
    if (o == {w.number(4)}) y = 1;
    if (none) y = 2;
    if (s == 2'd{w.number(4)}) y[2] = once;
  end"""


_FEATURES = {
    "plain": _plain, "machine": _machine, "counter": _counter, "memory": _memory, "latch": _latch,
    "clocks": _clocks, "generated": _generated, "instances": _instances, "started": _started,
    "unknown": _unknown,
}  # fmt: skip

FEATURES = tuple(_FEATURES)


def design_text(seed: int, features: tuple[str, ...]) -> str:
    """A top with a module for each feature."""
    modules = "".join(
        f"module m{number}({_PORTS}, output logic [3:0] y);\n"
        f"{_FEATURES[feature](_Writer(f'{seed}:{feature}'))}\nendmodule\n"
        for number, feature in enumerate(features)
    )
    outputs = ", ".join(f"output logic [3:0] y{number}" for number in range(len(features)))
    instances = "\n".join(f"  m{number} u{number}(.*, .y(y{number}));" for number in range(len(features)))
    return f"{_COMMON}{modules}module top({_PORTS}, {outputs});\n{instances}\nendmodule\n"


_STYLES = {
    # Inputs change apart from the edges.
    "apart": """  initial begin
    for (int step = 0; step < STEPS; step++) begin
      #1 {a, b, c, d} = 6'($urandom);
      #1 if ($urandom % 64 == 0) rst_n = !rst_n;
      if (!rst_n && $urandom % 4 == 0) rst_n = 1;
      #1 clk = !clk;
      #1 if ($urandom % 2 == 0) ck2 = !ck2;
    end
    $finish;
  end""",
    # Inputs, reset and clocks change in one moment, by one process.
    "together": """  initial begin
    for (int step = 0; step < STEPS; step++) begin
      #1 clk = !clk;
      if ($urandom % 2 == 0) {a, b, c, d} = 6'($urandom);
      if ($urandom % 2 == 0) ck2 = !ck2;
      if ($urandom % 32 == 0) rst_n = !rst_n; else if (!rst_n && $urandom % 4 == 0) rst_n = 1;
      if ($urandom % 4 == 0) begin #1 {a, b, c, d} = 6'($urandom); end
    end
    $finish;
  end""",
    # Many processes change them, at the edges of the clock and between them, with x and z too.
    "racing": """  always #5 clk = !clk;
  always #7 ck2 = !ck2;
  always @(posedge clk) begin a = $urandom; d = 3'($urandom); end
  always @(negedge clk) b = $urandom;
  always @(posedge clk or negedge clk) if ($urandom % 3 == 0) c = !c;
  initial begin
    for (int step = 0; step < STEPS; step++) begin
      @(posedge clk);
      {b, c} = 2'($urandom);
      if ($urandom % 16 == 0) begin
        rst_n = 0; if ($urandom % 2 == 0) rst_n = 1;
        if ($urandom % 2 == 0) @(posedge clk);
        rst_n = 1;
      end
      if ($urandom % 4 == 0) begin
        #2 {a, b, c, d} = 6'($urandom);
        if ($urandom % 2 == 0) {a, d} = 4'bxxxz;
      end
      if ($urandom % 8 == 0) begin clk = 0; clk = 1; end
    end
    $finish;
  end""",
}

STYLES = tuple(_STYLES)


def testbench_text(modules: int, steps: int, style: str) -> str:
    """A testbench that drives the top in one of the styles."""
    outputs = ", ".join(f"y{number}" for number in range(modules))
    return f"""module tb;
  logic clk = 0, rst_n = 1, a = 0, b = 0, c = 0, ck2 = 0;
  logic [2:0] d = 0;
  logic [3:0] {outputs};
  top dut(.*);
{_STYLES[style].replace("STEPS", str(steps))}
endmodule
"""
