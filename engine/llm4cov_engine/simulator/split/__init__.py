"""Split builds: the DUT is compiled once, each round only the testbench.

Verilator makes a library of the DUT (`--lib-create`): C++ of the DUT, and a stub, a module with the DUT's
name and ports that calls the C++. A round verilates the stub with the testbench and links the result with the
DUT's objects. `wrapper` mends what the generated pair lacks for that, `library` builds and keeps it,
`companions` says which RTL files a testbench needs beside the stub, `choice` when all of this is worth it,
`rounds` makes a round of it.

What a split build cannot do is noticed while it is built, and the round is built flat. Its coverage is that
of a flat build except in the order of evaluation within time slots that no standard fixes; what decides
(a target reached) is confirmed by a flat build.
"""
