"""The name a testbench gives to its DUT where a dataset leaves it open."""

from __future__ import annotations

import hashlib


def instance_name(identity: str, top: str) -> str:
    """The DUT's instance name for a row: "dut", "uut" or "inst_" and the top, a third of the rows each.

    Models trained on one name write that name whatever they are asked for, so the paper's training data
    varies it. The id alone decides, by the same hash as there: equal rows have equal names everywhere.
    """
    number = int.from_bytes(
        hashlib.blake2b(identity.encode(errors="surrogatepass"), digest_size=8).digest(), "big"
    )
    share = number / 2**64
    if share < 0.33:
        return "dut"
    return "uut" if share < 0.66 else f"inst_{top}"
