"""Runs in a process of its own, with pyosys and nothing else: from RTL to a netlist of gates as JSON.

Usage: python child.py JOB.json, in the folder of the job. A job says "passes", the passes to run in turn.
Yosys ends the process at the first error.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main() -> None:
    """Run the passes of a job."""
    from pyosys import libyosys

    design = libyosys.Design()
    for command in json.loads(Path(sys.argv[1]).read_text("utf-8"))["passes"]:
        libyosys.run_pass(command, design)


if __name__ == "__main__":
    main()
