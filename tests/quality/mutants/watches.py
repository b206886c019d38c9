"""The API server's watches."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from itertools import islice
from unittest.mock import patch

from kubeactors.apiserver.changes import Change
from kubeactors.apiserver.history import History


def resumed_watches_miss_one() -> AbstractContextManager[object]:
    """A resumed watch misses the first event after its revision."""

    def after(self: History, revision: int) -> Iterator[Change]:
        later = [one for one in self._changes if one.revision > revision]
        return islice(later, 1, None)

    return patch.object(History, "after", after)


def history_seems_endless() -> AbstractContextManager[object]:
    """A watch from a compacted revision is not rejected: events since then are lost."""

    def floor(_self: History) -> int:
        return 0

    def keep(_self: History, _value: int) -> None:
        return

    return patch.object(History, "floor", property(floor, keep), create=True)
