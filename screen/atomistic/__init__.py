"""What is computed atom by atom: expensive, so each result is kept on disk and never made twice.

A kind of run answers one question of one structure: `barrier.KIND`, `surface.KIND`. A job is plain
data, and so is a result; `jobs.run` spreads jobs over processes, or over any executor, such as that
of a Dask client.
"""
