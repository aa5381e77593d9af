"""Take a picture of a command as a terminal shows it: `python docs/picture.py OUT.svg COMMAND ...`.

The command runs for real in a terminal of its own; what is on its screen at the end becomes an SVG.
"""

from __future__ import annotations

import os
import pty
import re
import shlex
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

COLUMNS = 110
_REDRAWN = re.compile(
    r"[^\n]*\n(?:\x1b\[\?25h)?\r?\x1b\[1A\x1b\[2K|[^\n]*\x1b\[2K|\x1b\[\?25[lh]|\x1b\[1A|\r(?!\n)"
)


def record(command: list[str]) -> str:
    """Everything the command writes to its terminal, lines that were redrawn left out."""
    master, slave = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(COLUMNS), "LINES": "50", "TERM": "xterm-256color"}
    with subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environment):
        os.close(slave)
        written = b""
        while True:
            try:
                data = os.read(master, 65536)
            except OSError:
                break
            if not data:
                break
            written += data
    return _REDRAWN.sub("", written.decode().replace("\r\n", "\n"))


def main() -> None:
    """Run the command and write its picture."""
    target, *command = sys.argv[1:]
    with Path(os.devnull).open("w") as nowhere:
        console = Console(record=True, width=COLUMNS, file=nowhere, force_terminal=True)
        console.print(Text.assemble(("$ ", "bold green"), shlex.join(command)))
        console.print(Text.from_ansi(record(command)))
    picture = console.export_svg(title="llm4cov")
    # The fonts it would fetch from the network are not worth a network.
    Path(target).write_text(re.sub(r"@font-face\s*\{[^}]*\}\s*", "", picture), "utf-8")


if __name__ == "__main__":
    main()
