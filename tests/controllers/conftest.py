"""Fixtures of the controllers' tests."""

import pytest

from tests.controllers.plane import Plane


@pytest.fixture
def control_plane() -> Plane:
    """A store, an API server and all controllers in a simulator, with one node."""
    plane = Plane()
    plane.node("node-1")
    return plane
