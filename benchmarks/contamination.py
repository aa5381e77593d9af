"""How long the contamination check takes, and how much longer the plain computation would.

    python benchmarks/contamination.py [--designs 5000] [--jobs 2]

A synthetic training set and a synthetic benchmark of 83 tasks are made: modules whose lengths are spread like
those of public collections, with one copy and one near copy of a judged design in every five hundred. The
whole check runs over them, as `llm4cov contamination` does; the plain computation runs over a few pairs
that the bound of lengths leaves. Times are processor seconds of all processes, so that a busy
machine does not change them much.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import tempfile
import time
from pathlib import Path

from llm4cov_engine import ContaminationRequest, check_contamination
from llm4cov_engine.dataset.contamination.rouge import Tokenization, rouge_l

COLLECTION = 87_000
"""Designs of the collection the paper trains on."""

TASKS = 83
WORDS = (
    *("input", "output", "wire", "reg", "logic", "assign", "always", "@(posedge", "clk)", "if", "(!rst_n)"),
    *("begin", "end", "else", "case", "endcase", "default:", "<=", "=", "+", "-", "&", "|", "^", "~", "?"),
    *("clk,", "rst_n,", "data", "valid", "ready", "enable", "count", "state", "next"),
)


def module(draw: random.Random, name: str, tokens: int) -> str:
    """Text that looks like RTL to a tokenizer: frequent words, and names of its own."""
    names = [f"{name}_{draw.randrange(10**6)}" for _ in range(max(4, tokens // 12))]
    text = [draw.choice(WORDS) if draw.random() < 0.65 else draw.choice(names) for _ in range(tokens)]
    lines = [" ".join(text[place : place + 9]) for place in range(0, len(text), 9)]
    return "\n".join([f"module {name} (", *lines, "endmodule"])


def write(path: Path, texts: dict[str, str]) -> None:
    rows = [
        {"id": name, "top": name, "rtl_files": [{"name": f"{name}.v", "content": text}]}
        for name, text in texts.items()
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def length(draw: random.Random) -> int:
    return max(30, int(draw.lognormvariate(5.6, 0.8)))


def make(folder: Path, designs: int) -> tuple[dict[str, str], dict[str, str]]:
    draw = random.Random(2602)
    judged = {f"task{number}": module(draw, f"task{number}", 2 * length(draw)) for number in range(TASKS)}
    train = {f"d{number}": module(draw, f"d{number}", length(draw)) for number in range(designs)}
    for number in range(0, designs, 500):
        source = judged[f"task{draw.randrange(TASKS)}"]
        train[f"d{number}"] = source
        train[f"d{number + 1}"] = " ".join(
            word if draw.random() < 0.8 else "other" for word in source.split()
        )
    write(folder / "train.jsonl", train)
    write(folder / "judged.jsonl", judged)
    return train, judged


def processor_seconds() -> float:
    usages = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def plain_seconds(train: dict[str, str], judged: dict[str, str], pairs: int) -> tuple[float, int]:
    """Seconds of the plain computation for so many pairs, and how many pairs there are in all."""
    split = Tokenization.WHITESPACE.of
    ours = [split(text) for text in train.values()]
    theirs = [split(text) for text in judged.values()]
    left = [
        (one, other)
        for one in ours
        for other in theirs
        if 2.0 * min(len(one), len(other)) / (len(one) + len(other)) >= 0.5
    ]
    began = time.process_time()
    for one, other in random.Random(1).sample(left, pairs):
        rouge_l(one, other)
    return time.process_time() - began, len(left)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--designs", type=int, default=5_000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--pairs", type=int, default=200, help="pairs of the plain computation")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        train, judged = make(folder, chosen.designs)
        request = ContaminationRequest(
            str(folder / "train.jsonl"), str(folder / "judged.jsonl"), folder / "out", jobs=chosen.jobs
        )
        began, before = time.monotonic(), processor_seconds()
        found = check_contamination(request)
        wall, used = time.monotonic() - began, processor_seconds() - before
    plain, pairs = plain_seconds(train, judged, chosen.pairs)
    whole = plain / chosen.pairs * pairs
    scale = COLLECTION / chosen.designs
    print(f"{chosen.designs} designs against {len(judged)}: {found.document['contaminated']} contaminated")
    print(f"wall clock {wall:.1f} s with {chosen.jobs} processes; processor {used:.1f} s")
    print(
        f"{COLLECTION:,} designs, by that: {wall * scale / 60:.1f} minutes; processor {used * scale / 60:.1f}"
    )
    print(f"plainly: {plain / chosen.pairs * 1e3:.1f} ms a pair, {pairs:,} pairs, {whole / 60:.0f} minutes")
    print(f"ratio, reading and splitting the rows included: {whole / used:.0f}")


if __name__ == "__main__":
    main()
