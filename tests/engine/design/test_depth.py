from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from llm4cov_engine.design.dataset import BrokenRow, rows
from llm4cov_engine.design.depth import DEEPEST, LONGEST, too_deep

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "module m(input a, output b); assign b = "


def nested(kind: str, count: int) -> str:
    return {
        "brackets": f"{HEAD}{'(' * count}a{')' * count}; endmodule",
        "macros": f"`define A(x) x\n{HEAD}{'`A(' * count}a{')' * count}; endmodule",
        "operators": f"{HEAD}{'a + ' * count}a; endmodule",
        "choices": f"{HEAD}{'a ? b : ' * count}a; endmodule",
        "generate": f"module m(input a); {'if (1) begin ' * count}{'end ' * count} endmodule",
        "branches": "module m(input a); initial " + "if (a) ; else " * count + "; endmodule",
    }[kind]


KINDS = ("brackets", "macros", "operators", "choices", "generate", "branches")

READ = """
import json, sys
from llm4cov_engine.design.dataset import Row
from llm4cov_engine.design.loading import load_row
from llm4cov_engine.errors import DesignError
for text in json.load(sys.stdin):
    try:
        load_row(Row(id="x", rtl_files=[{"name": "dut.sv", "content": text}]))
    except DesignError:
        pass
print("alive")
"""


@pytest.mark.parametrize("kind", KINDS)
def test_what_would_end_the_process_is_refused(kind: str) -> None:
    assert too_deep(nested(kind, 20_000))


def test_what_is_let_through_can_be_read() -> None:
    """Just below the limits nothing overflows, in a process of its own to be sure."""
    deepest = {"operators": LONGEST - 2, "choices": LONGEST // 2 - 2, "branches": LONGEST - 2}
    texts = [nested(kind, deepest.get(kind, DEEPEST - 2)) for kind in KINDS]
    assert [too_deep(text) for text in texts] == [""] * len(texts)
    done = subprocess.run(
        [sys.executable, "-c", READ], input=json.dumps(texts), capture_output=True, text=True, check=False
    )
    assert done.stdout == "alive\n", (done.returncode, done.stderr[-500:])


def test_large_tables_comments_and_texts_are_not_deep() -> None:
    table = HEAD + "{" + ", ".join(f"8'h{number % 256:02x}" for number in range(20_000)) + "}; endmodule"
    statements = "module m; initial begin " + "a = (b + c) * d; " * 20_000 + "end endmodule"
    comment = f"// {'-' * 30_000}\n/* {'(' * 30_000} */\nmodule m; endmodule"
    text = f'module m; initial $display("{"(" * 5_000}"); endmodule'
    assert [too_deep(each) for each in (table, statements, comment, text)] == [""] * 4


def test_a_row_that_is_too_deep_is_broken(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    deep = {"id": "x", "rtl_files": [{"name": "a.v", "content": nested("generate", 20_000)}]}
    path.write_text(
        json.dumps(deep) + "\n" + json.dumps({"question": "q", "ground_truth": nested("macros", 9_999)})
    )
    for found in rows(path):
        assert isinstance(found, BrokenRow)
        assert "too deep to be read" in found.reason
