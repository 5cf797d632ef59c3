"""Drivers: each gives pieces and partitions to an engine's workers and brings back the outcomes. None contains a formula.

run(job, pieces, due, …) of each: `pieces` of the sources, and partitions that are due without them.
"""
