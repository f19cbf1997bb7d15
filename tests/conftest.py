"""CI draws the same examples each time, at a desk every run draws new ones; the road goes first."""

import os

import pytest
from hypothesis import settings

settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the smoke road first: it is the longest, and the other files go beside it."""
    items.sort(key=lambda item: item.path.name != "test_smoke_road.py")
