"""CI draws the same examples each time, at a desk every run draws new ones; the road goes first."""

import os

import pytest
from hypothesis import settings

# No deadlines: two files run at a time, and a clock on the wall counts the other one too.
settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("desk", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "desk")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the smoke road first: it is the longest, and the other files go beside it."""
    items.sort(key=lambda item: item.path.name != "test_smoke_road.py")
