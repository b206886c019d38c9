"""A short soak; `python -m benchmarks.actors.soak` is the long one."""

import logging

import anyio
import pytest

from kubeactors.actor import Overflow
from tests.actor.soak import soak


@pytest.mark.parametrize("overflow", list(Overflow))
def test_no_message_is_lost_or_doubled_beyond_what_the_policy_allows(
    overflow: Overflow, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR, "kubeactors")
    ledger, taken, dead = anyio.run(soak, 20_000, overflow)
    assert ledger.disorder == 0
    assert (ledger.crashed > 0, dead > 0) == (True, True)
    accounted = ledger.handled + ledger.crashed + dead
    assert accounted == 20_000
    assert taken == (20_000 - dead if overflow is Overflow.REJECT else 20_000)
