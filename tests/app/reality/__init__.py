"""What DVC executes, held against the plan: one random pipeline and a few random changes a seed.

`python -m tests.app.reality DIRECTORY FIRST COUNT` prints one JSON line a case; the first number is the seed.
"""
