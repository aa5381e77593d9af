"""Coverage without registration: points read from the generated C++, hits from the raw counters.

The C++ that Verilator generates registers every point with the runtime, by statements that hold all there is
to know of it; on big designs half of the C++ is such statements. They are read and left out of what is
compiled, and our own main writes the array of counters as it is. The plain way over coverage.dat
(`coverage.datafile`) is the reference, which this must equal point by point, and what is used wherever the
text is not exactly what it is expected to be.
"""
