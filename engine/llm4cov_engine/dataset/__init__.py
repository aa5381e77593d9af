"""Designs and training examples in rows: read, filtered, compared, exported.

Designs come in by `reading.read_dataset` (all at once, with what was skipped and why) and by
`sources.entries` (one by one, for collections too large to hold). Both give `entry.Entry` records: the files
of a row, cheap to have; `Entry.design()` elaborates one into a `Design` when it is needed.
"""
