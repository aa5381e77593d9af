"""Reading a testbench out of a model's reply."""

from __future__ import annotations

import re

from llm4cov_engine.testbench import Testbench

DEFAULT_NAME = "testbench.sv"

_THINKING = re.compile(r"<(think|thinking|reasoning)>.*?(?:</\1>|\Z)", re.DOTALL | re.IGNORECASE)
_END_OF_THINKING = re.compile(r"\A.*</(?:think|thinking|reasoning)>", re.DOTALL | re.IGNORECASE)
_FENCE = re.compile(r"^(?P<indent>[ \t]*)(?:>[ \t]?)?(?P<fence>`{3,}|~{3,})(?P<info>[^`\n]*)$")
_COMMENT_OR_STRING = re.compile(r"//[^\n]*|/\*.*?(?:\*/|\Z)|\"(?:\\.|[^\"\\\n])*\"", re.DOTALL)
_MODULE = re.compile(
    r"^[ \t]*(?:module|program)\s+(?:automatic\s+|static\s+)?(\w+)\s*(?:#|\(|;|import\b)", re.M
)
_END_OF_MODULE = re.compile(r"\bend(?:module|program)\b(?:[ \t]*:[ \t]*\w+)?")
_LEADING_UNIT = re.compile(r"^[ \t]*(?:package\s+\w+\s*;|(?:interface|class)\s+\w+\s*[;(#])", re.M)
_LEADING_LINE = re.compile(r"\s*(?:$|//|/\*|\*|`|import\s+\w+::|typedef\s|timeunit\b|timeprecision\b|\(\*)")


def read_testbench(reply: str, *, name: str = DEFAULT_NAME, top: str = "") -> Testbench | None:
    """Take the testbench out of a reply: fenced, unfenced or amid prose.

    Thinking is removed first. Of several code blocks with a module the last one wins, unless it is less
    than half as long as the longest: a model that drafts and then corrects itself means the correction,
    one that ends on a usage snippet does not mean the snippet. A block whose fence never closes (a reply
    cut off) counts. Blocks that only restate the DUT are passed over.

    Args:
        reply: what the model wrote.
        name: file name for the testbench.
        top: the DUT's module; "" when it is not known.

    Returns:
        None when there is no module in the reply.
    """
    text = _without_thinking(reply.replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " "))
    candidates = [block for block in _fenced(text) if _is_testbench(block, top)]
    if not candidates:
        unfenced = _unfenced(text)
        if not _is_testbench(unfenced, top):
            return None
        candidates = [unfenced]
    longest = max(len(block) for block in candidates)
    chosen = next(block for block in reversed(candidates) if 2 * len(block) >= longest)
    return Testbench(name, chosen.strip("\n").rstrip() + "\n")


def _without_thinking(text: str) -> str:
    """Drop `<think>` blocks: closed, never closed, or opened in the prompt already."""
    stripped = _THINKING.sub("", text)
    return _END_OF_THINKING.sub("", stripped)


def _fenced(text: str) -> list[str]:
    """Contents of the fenced code blocks, without their indentation; an unclosed last one included."""
    blocks: list[str] = []
    lines: list[str] | None = None
    fence = indent = ""
    for line in text.split("\n"):
        match = _FENCE.match(line)
        if lines is None:
            if match:
                fence, indent, lines = match["fence"], match["indent"], []
        elif match and match["fence"].startswith(fence) and not match["info"].strip():
            blocks.append("\n".join(lines))
            lines = None
        else:
            lines.append(line.removeprefix(indent))
    if lines is not None:
        blocks.append("\n".join(lines))
    return blocks


def _unfenced(text: str) -> str:
    """The part of a reply that reads as SystemVerilog, up to the last `endmodule`; "" when there is none.

    It begins at a package, interface or class before the first module, and takes in the comments,
    directives and imports just above.
    """
    module = _MODULE.search(text)
    if module is None:
        return ""
    unit = _LEADING_UNIT.search(text, 0, module.start())
    start = unit.start() if unit else module.start()
    above = text[:start].split("\n")[:-1]
    for line in reversed(above):
        if not _LEADING_LINE.match(line) or line.lstrip().startswith("```"):
            break
        start -= len(line) + 1
    ends = [match.end() for match in _END_OF_MODULE.finditer(text, module.start())]
    return text[start : ends[-1] if ends else len(text)]


def _is_testbench(block: str, top: str) -> bool:
    """Whether a block has a module of its own, other than the DUT."""
    modules = _MODULE.findall(_COMMENT_OR_STRING.sub("", block))
    return any(module != top for module in modules)
