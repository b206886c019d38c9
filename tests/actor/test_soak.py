"""A short soak on each event loop; `python -m benchmarks.actors.soak` is the long one."""

import logging

import anyio
import pytest

from tests.actor.soak import soak

MESSAGES = 40_000


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_no_message_is_lost_or_doubled_beyond_what_the_policy_allows(
    backend: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR, "kubeactors")
    account = anyio.run(lambda: soak(MESSAGES), backend=backend)
    assert (account.lost, account.doubled, account.disorder, account.left) == (0, 0, 0, 0)
    fates = (account.done, account.crashed, account.cut_short, account.dead, account.taken_back, account.replaced)
    assert sum(fates) == MESSAGES
    assert account.done > account.replaced > 0
    assert (account.crashed > 0, account.dead > 0) == (True, True)
    assert account.restarts > account.crashed
