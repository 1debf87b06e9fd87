"""Hypothesis draws the same examples on every machine, and takes the time that it takes: no test fails by chance."""

from hypothesis import settings

settings.register_profile("steady", derandomize=True, deadline=None, database=None)
settings.load_profile("steady")
