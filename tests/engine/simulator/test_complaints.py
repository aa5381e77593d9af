from __future__ import annotations

from llm4cov_engine.elaboration.records import Severity, Span
from llm4cov_engine.simulator.complaints import compiler_problems, internal_error, verilator_problems

OUTPUT = """\
%Warning-COVERIGN: e.sv:7:16: Ignoring unsupported: coverpoint
    7 | covergroup cg; coverpoint a; endgroup cg c = new;
      |                ^~~~~~~~~~
                   ... For warning description see https://verilator.org/warn/COVERIGN?v=0.000
                   ... Use "/* verilator lint_off COVERIGN */" and lint_on around source.
%Error-PINNOTFOUND: tb.sv:4:19: Pin not found: 'bogus'
                              : ... note: In instance 'tb'
    4 |   counter dut (.*, .bogus(1));
      |                   ^
%Error: sub dir/bad.sv:2:19: Too many digits for 8 bit number: '8'h5a?1'
    2 |   logic [3:0] x = 8'h5a?1:0 y;
      |                   ^~~~~~~
        ... See the manual at https://verilator.org/verilator_doc.html?v=0.000 for more assistance.
%Error: Cannot find file containing module: 'nowhere'
%Error: sub dir/bad.sv:2:19: Too many digits for 8 bit number: '8'h5a?1'
    2 |   logic [3:0] x = 8'h5a?1:0 y;
      |                   ^~~~~~~
%Error: Exiting due to 4 error(s)
"""


def test_every_form_of_message_is_read() -> None:
    ignored, pin, digits, file = verilator_problems(OUTPUT)
    assert (ignored.severity, ignored.code) == (Severity.WARNING, "COVERIGN")
    assert ignored.span == Span("e.sv", 7, 16, 7, 26)
    assert (pin.severity, pin.code, pin.span) == (Severity.ERROR, "PINNOTFOUND", Span("tb.sv", 4, 19, 4, 20))
    assert pin.message == "Pin not found: 'bogus' note: In instance 'tb'"
    assert digits.span == Span("sub dir/bad.sv", 2, 19, 2, 26)
    assert (digits.code, digits.message) == ("", "Too many digits for 8 bit number: '8'h5a?1'")
    assert (file.span, file.message) == (None, "Cannot find file containing module: 'nowhere'")


def test_the_advice_for_people_at_a_terminal_is_left_out() -> None:
    assert not any("verilator.org" in problem.message for problem in verilator_problems(OUTPUT))


def test_output_without_messages_has_no_problems() -> None:
    assert verilator_problems("- V e r i l a t i o n\nhello\n") == ()
    assert verilator_problems("") == ()


def test_an_internal_error_names_the_file_it_happened_at() -> None:
    assert internal_error("%Error: Internal Error: a/f.sv:9:21: ../V3Ast.h:1053: Bad\n") == "a/f.sv"
    assert internal_error("%Error: Internal Error: Aborting\n") == ""
    assert internal_error(OUTPUT) is None


def test_compiler_errors_are_read_once_each() -> None:
    output = "Vsim.cpp:3:4: error: no match\nx\nVsim.cpp:9:4: error: no match\nf.h:1:2: fatal error: gone\n"
    first, second = compiler_problems(output)
    assert (first.code, first.message, first.span) == ("C++", "no match", None)
    assert second.message == "gone"
