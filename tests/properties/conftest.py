"""Hypothesis draws the same examples whatever the code says.

Normally it mixes in integers that it finds in the source code of modules that happen to be imported: then each change of a
constant, or another selection of tests, would try other scenarios. Trying new ones is what campaigns are for.
"""

from collections.abc import Iterator

import pytest


def no_constant(*_: object, **__: object) -> None:
    """Hypothesis draws at random if there is no constant to be had."""


@pytest.fixture(scope="session", autouse=True)
def examples_do_not_depend_on_constants_in_the_code() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hypothesis.internal.conjecture.providers.HypothesisProvider._maybe_draw_constant", no_constant)
        yield
