"""Whole words a decoder knows, mined from the ways in which RTL takes them apart."""

from __future__ import annotations

from llm4cov_engine.elaboration.compilation import compiled
from llm4cov_engine.policy.builtin.conditions import Word
from llm4cov_engine.policy.builtin.words import MOST_WORDS, read_vocabulary
from tests.engine.policy.builtin.rtl import design


def words_of(body: str, *, ports: str = "input logic [31:0] data", more: str = "") -> set[tuple[int, int]]:
    """(mask, value) of the words found on `data`."""
    text = f"{more}module top({ports}, input logic clk, output logic [3:0] q);\n{body}\nendmodule\n"
    return {(word.mask, word.value) for word in read_vocabulary(compiled(design(text))).words.get("data", ())}


FOUR = """
  logic [31:0] word;
  logic is_one, is_two, is_three, is_four, is_arithmetic;
  always_ff @(posedge clk) begin
    word <= data;
    is_arithmetic <= data[6:0] == 7'h13;
    is_one <= is_arithmetic && word[14:12] == 3'd1;
    is_two <= is_arithmetic && word[14:12] == 3'd2 && !word[31];
    is_three <= data[6:0] == 7'h33 && data[31:25] == 7'h20;
    is_four <= data == 32'h0000_0073;
  end
  assign q = {is_one, is_two, is_three, is_four};
"""


def test_conditions_are_joined_over_registers() -> None:
    assert words_of(FOUR) == {
        (0x0000_707F, 0x0000_1013),
        (0x8000_707F, 0x0000_2013),
        (0xFE00_007F, 0x4000_0033),
        (0xFFFF_FFFF, 0x0000_0073),
    }


def test_nested_cases_and_wildcards_are_one_word() -> None:
    found = words_of("""
  always_comb begin
    q = '0;
    case (data[7:0])
      8'h11: case (data[31:28]) 4'h1: q = 4'd1; 4'h2: q = 4'd2; default: q = 4'd3; endcase
      8'h22: if (data[15:8] == 8'h05 && !(data[16] || data[17])) q = 4'd4; else q = 4'd5;
      default: casez (data) 32'b1010_????_????_????_????_????_1???_??11: q = 4'd6; default: q = 4'd7; endcase
    endcase
  end""")
    assert found >= {
        (0xF000_00FF, 0x1000_0011),
        (0xF000_00FF, 0x2000_0011),
        (0x0003_FFFF, 0x0000_0522),
        (0xF000_0083, 0xA000_0083),
    }


def test_masked_comparisons_and_reductions_count() -> None:
    found = words_of("""
  assign q[0] = (data & 32'hF000_000F) == 32'h5000_0003;
  assign q[1] = &data[7:4] & ~|data[11:8];
  assign q[2] = {data[31], data[3:0]} == 5'b1_0110;
  assign q[3] = data[15:8] inside {8'h41, 8'h42};""")
    assert found == {
        (0xF000_000F, 0x5000_0003),
        (0x0000_0FF0, 0x0000_00F0),
        (0x8000_000F, 0x8000_0006),
        (0x0000_FF00, 0x0000_4100),
        (0x0000_FF00, 0x0000_4200),
    }


def test_what_a_parameter_switches_off_is_no_word() -> None:
    off = FOUR.replace("is_one <= is_arithmetic", "is_one <= WIDE && is_arithmetic")
    assert (0x0000_707F, 0x0000_1013) not in words_of("  localparam bit WIDE = 0;" + off)
    assert (0x0000_707F, 0x0000_1013) in words_of("  localparam bit WIDE = 1;" + off)


def test_words_behind_what_cannot_be_followed_count_for_data_of_their_width() -> None:
    body = "  logic [31:0] rolled;\n  assign rolled = data ^ {address[15:0], address[31:16]};\n"
    found = words_of(
        body + FOUR.replace("word <= data", "word <= rolled").replace("data[", "rolled["),
        ports="input logic [31:0] data, address",
    )
    assert (0xFE00_007F, 0x4000_0033) in found


def test_parts_assigned_apart_keep_their_places() -> None:
    found = words_of(
        FOUR.replace("word <= data;", "word[31:8] <= data[23:0]; word[7:0] <= data[31:24];").replace(
            "is_arithmetic <= data[6:0]", "is_arithmetic <= word[6:0]"
        )
    )
    assert (0x7F00_0070, 0x1300_0010) in found


def test_a_port_compared_with_a_few_values_has_no_words() -> None:
    assert words_of("  assign q = {2'b0, data == 32'd7, data == 32'd9};") == set()
    assert words_of("  assign q = data[3:0];") == set()


def test_a_table_of_thousands_is_cut() -> None:
    rows = "\n".join(f"{number}: q = 4'd{number % 16};" for number in range(3000))
    body = f"  always_comb case (data[30:0]) {rows} default: q = '0; endcase\n"
    found = words_of(body + "  wire odd = data[31] && data[3:0] == 4'd5;")
    assert len(found) <= MOST_WORDS


def test_a_special_case_is_told_from_its_general_one() -> None:
    assert Word(0xFF, 0x12).extends(Word(0x0F, 0x02))
    assert not Word(0x0F, 0x02).extends(Word(0xFF, 0x12))
    assert not Word(0xFF, 0x13).extends(Word(0x0F, 0x02))


def test_what_a_shift_register_is_compared_with_comes_part_by_part() -> None:
    text = """module top(input logic clk, input logic [7:0] data, input logic bit_in, output logic [1:0] q);
  logic [31:0] letters;
  logic [5:0] bits;
  logic [1:0] delayed;
  always_ff @(posedge clk) begin
    letters <= {letters[23:0], data};
    delayed <= {delayed[0], bit_in};
    bits <= {delayed[1], bits[5:1]};
    q <= {letters[31:8] == "ABC", bits == 6'b001011};
  end
endmodule
"""
    scripts = read_vocabulary(compiled(design(text))).scripts
    assert scripts["data"] == (Word(0xFF, 0x41), Word(0xFF, 0x42), Word(0xFF, 0x43), Word(0, 0))
    assert [word.value for word in scripts["bit_in"]] == [1, 1, 0, 1, 0, 0]
    other = text.replace("delayed[1], bits", "bits[0] ^ bits[1], bits")
    assert not read_vocabulary(compiled(design(other))).scripts.get("bit_in")
