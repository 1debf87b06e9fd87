"""No test fails by chance, or by a slow machine: Hypothesis draws the same examples everywhere, without a deadline."""

import math
from collections.abc import Iterator

import pytest
from hypothesis import settings

settings.register_profile("steady", derandomize=True, deadline=None, database=None)
settings.load_profile("steady")


@pytest.fixture(autouse=True, scope="session")
def patient() -> Iterator[None]:
    """What is wrong with an answer is looked for until all is counted, however slow the machine."""
    from tinygrad_edu.checker.diagnoses import search

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "SECONDS", math.inf)
        yield
