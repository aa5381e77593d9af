# What a front end does, in few lines; run as a script without a guard, as people's own scripts are.
import asyncio
import sys
from pathlib import Path

from llm4cov_engine import Workbench

bench = Workbench.open(Path(sys.argv[1]), flags={"policy": {"name": sys.argv[2]}})
asyncio.run(bench.close(rounds=2, emit=lambda event: print(type(event).__name__, flush=True)))
bench.close_files()
print("over", flush=True)
