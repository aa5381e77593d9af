"""The modes of inputs as the testbench explains and computes them; driver/bench.cpp computes the same."""

from __future__ import annotations

from typing import Final

from llm4cov_engine.search.stimulus import Mode

MEANINGS: Final = {
    Mode.HOLD: "the given value",
    Mode.RANDOM: "random bits",
    Mode.SLOW: "random bits, once in `every` cycles on average",
    Mode.BIASED: "1 in `every` of 256 cycles",
    Mode.SPARSE: "random bits, a quarter of them 1",
    Mode.DENSE: "random bits, three quarters of them 1",
    Mode.ONE_HOT: "one random bit",
    Mode.RAMP: "the value more in every cycle",
    Mode.FLIP: "one random bit inverted in every cycle",
    Mode.PULSE: "the value in every `every`th cycle, else its complement",
    Mode.TOGGLE: "inverted every `every` cycles",
    Mode.LISTED: "once in `every` cycles a value the RTL compares with, else random bits",
    Mode.SEQUENCE: "the values the RTL compares with in turn, `every` cycles each",
    Mode.FIELDS: "random bits with values the RTL compares parts with, once in `every` cycles",
    Mode.SERIAL: "frames of a start bit, 8 data bits and 2 stop bits, `every` cycles each",
    Mode.FOLLOW: "the output that `given` names",
    Mode.ANSWER: "while the output that `given` names is 1: 1 once in `every` cycles",
    Mode.SAME: "the input that `given` names",
    Mode.NEAR: "the input that `given` names, or one more or less",
    Mode.UNTIL: "1 once in `every` cycles, and then until the output that `given` names is 1",
    Mode.WORDS: "words the RTL knows, `every` of them from number `given` on, their open bits random",
    Mode.LATER: "the output that `given` names, as it was `every` cycles ago",
    Mode.SCRIPT: "from place `given` on, what the RTL shifts in to compare it, `every` cycles each",
}

BODIES: Final = {
    Mode.HOLD: "return given;",
    Mode.RANDOM: "return random_bits(who);",
    Mode.SLOW: """begin
        if (draw() % every == 0) return random_bits(who);
        return held;
      end""",
    Mode.BIASED: "return {word}'(draw() % 256 < every);",
    Mode.SPARSE: """begin
        drawn = random_bits(who);
        return drawn & random_bits(who);
      end""",
    Mode.DENSE: """begin
        drawn = random_bits(who);
        return drawn | random_bits(who);
      end""",
    Mode.ONE_HOT: "return {word}'(1) << (draw() % WIDTHS[who]);",
    Mode.RAMP: "return held + given;",
    Mode.FLIP: "return held ^ ({word}'(1) << (draw() % WIDTHS[who]));",
    Mode.PULSE: "return steps % every == every - 1 ? given : ~given;",
    Mode.TOGGLE: "return steps % every == 0 ? ~held : held;",
    Mode.LISTED: """begin
        if (draw() % every == 0) return listed(who, draw());
        return random_bits(who);
      end""",
    Mode.SEQUENCE: "return listed(who, steps / every);",
    Mode.FIELDS: """begin
        if (draw() % every == 0) return random_fields(who);
        return held;
      end""",
    Mode.SERIAL: """begin
        if (steps % every != 0) return held;
        if (steps / every % 11 == 0) return '0;
        if (steps / every % 11 > 8) return {word}'(1);
        return {word}'(draw());
      end""",
    Mode.FOLLOW: "return {word}'(output_is_high(int'(given)));",
    Mode.ANSWER: """begin
        if (!output_is_high(int'(given))) return '0;
        return {word}'(draw() % every == 0);
      end""",
    Mode.SAME: "return input_now[input_id_t'(given)];",
    Mode.NEAR: "return input_now[input_id_t'(given)] + {word}'(draw() % 3) - {word}'(1);",
    Mode.UNTIL: """begin
        if (held[0]) return {word}'(!output_is_high(int'(given)));
        return {word}'(draw() % every == 0);
      end""",
    Mode.WORDS: "return known_word(who, 32'(given), every);",
    Mode.LATER: """begin
        behaviour[who].steps = {steps[30:0], output_is_high(int'(given))};
        return {word}'(behaviour[who].steps[every[4:0]]);
      end""",
    Mode.SCRIPT: """begin
        if (steps % every != 0) return held;
        return scripted(who, 32'(given) + steps / every);
      end""",
}
"""Statement by mode; `{word}` stands for the bits of the widest lane."""

DRAWN: Final = frozenset((Mode.SPARSE, Mode.DENSE))
"""Modes that keep what they draw."""

OF_BITS: Final = frozenset(
    (Mode.RANDOM, Mode.SLOW, Mode.SPARSE, Mode.DENSE, Mode.LISTED, Mode.FIELDS, Mode.WORDS, Mode.SCRIPT)
)
"""Modes that draw bits."""

OF_WIDTH: Final = frozenset((Mode.ONE_HOT, Mode.FLIP))
"""Modes that ask how wide an input is."""

OF_OUTPUT: Final = frozenset((Mode.FOLLOW, Mode.ANSWER, Mode.UNTIL, Mode.LATER))
"""Modes whose value is the number of an output."""

OF_INPUT: Final = frozenset((Mode.SAME, Mode.NEAR))
"""Modes whose value is the number of an input."""

COUNTING: Final = frozenset(
    (
        Mode.SLOW,
        Mode.BIASED,
        Mode.PULSE,
        Mode.TOGGLE,
        Mode.LISTED,
        Mode.SEQUENCE,
        Mode.FIELDS,
        Mode.SERIAL,
        Mode.ANSWER,
        Mode.UNTIL,
        Mode.WORDS,
        Mode.LATER,
        Mode.SCRIPT,
    )
)
"""Modes that take a count."""

VALUED: Final = frozenset((Mode.HOLD, Mode.RAMP, Mode.PULSE, Mode.WORDS, Mode.SCRIPT))
"""Modes whose value is a value."""
