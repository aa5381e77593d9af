"""`python -m tests.model_server SCRIPT.jsonl`: the server in a process of its own.

The first line of stdout is its base URL. It serves until it is terminated.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
from pathlib import Path

from tests.model_server.behaviours import read_script
from tests.model_server.server import ModelServer, Received


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.model_server", description=__doc__)
    parser.add_argument("script", type=Path, help="behaviours, one JSON object a line")
    parser.add_argument("--key", default="", help="the only key that is let in")
    parser.add_argument("--model", action="append", help="a model it has; may be repeated")
    parser.add_argument(
        "--rejects", action="append", default=[], help="a parameter it rejects; may be repeated"
    )
    parser.add_argument("--record", type=Path, help="file to append every request to, as JSON lines")
    return parser.parse_args()


async def _serve(arguments: argparse.Namespace) -> None:
    over = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, over.set)

    def record(received: Received) -> None:
        if arguments.record is None:
            return
        row = {
            "path": received.request.path,
            "headers": dict(received.request.headers),
            "body": received.body,
            "hung_up": received.hung_up,
            "status": received.status,
        }
        with Path(arguments.record).open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    async with ModelServer(
        read_script(arguments.script),
        key=arguments.key,
        models=arguments.model or ("fake-1",),
        rejects=arguments.rejects,
        watch=record,
    ) as server:
        print(server.base_url, flush=True)
        await over.wait()


if __name__ == "__main__":
    asyncio.run(_serve(_arguments()))
