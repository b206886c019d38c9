"""Invariant of failed writes: the controller retries them."""

from collections.abc import Iterator
from typing import ClassVar

import msgspec

from kubeactors.actor.cell import Cell
from kubeactors.apimachinery.requests import Get, List
from kubeactors.apimachinery.status import Status
from kubeactors.client import Controller
from kubeactors.client.workqueue import WorkQueue
from kubeactors.sim.invariants.invariant import RequestInvariant
from kubeactors.sim.invariants.requests import described
from kubeactors.sim.network import Asked
from kubeactors.sim.world import World

TRANSIENT = ("Forbidden", "InternalError", "ServiceUnavailable", "TooManyRequests", "Timeout")
"""The reasons of failures that say nothing about the object: the write is as necessary as before.

After a conflict, or if the object is gone, the next change of the cache triggers the next reconcile.
"""
FINAL = "because it is being terminated"
"""The end of the message with which creates in a terminating namespace are rejected: these are not retried."""


class Failure(msgspec.Struct, frozen=True):
    """A failed write, and the queue of its controller at that moment."""

    sender: Cell
    queue: WorkQueue
    keys: tuple[str, ...]
    """The keys that the controller was reconciling. The write was for one of them."""
    additions: int
    """How often keys had been added to the queue by then."""
    what: str

    @property
    def is_open(self) -> bool:
        """Whether one of the keys is still being reconciled."""
        return any(map(self.queue.is_processing, self.keys))

    @property
    def is_retried(self) -> bool:
        """Whether any key was added since, perhaps another one than the failed one, or the key is due anyway."""
        return self.queue.additions > self.additions or any(map(self.queue.is_waiting, self.keys))


class FailedWritesAreRetried(RequestInvariant):
    """A controller whose write fails, whatever the object, reconciles the key again.

    No event may follow that would trigger this: the failed write has changed nothing.

    Source: "Controllers: requeue on error" in the documentation of client-go's workqueue; processNextWorkItem of each
    controller in pkg/controller (v1.36).
    """

    name: ClassVar[str] = "failed-writes-are-retried"

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._failures: list[Failure] = []

    def read(self, reader: Cell, request: Get | List) -> Iterator[str]:
        """Check earlier failures as soon as possible, before other keys are added."""
        return self._check()

    def answered(self, asked: Asked, answer: object) -> Iterator[str]:
        """Check earlier failures; note a failure."""
        yield from self._check()
        actor = asked.sender.actor
        if isinstance(answer, Status) and isinstance(actor, Controller) and _is_transient(answer):
            queue = actor.queue
            keys = queue.processing()
            if keys:
                what = f"{described(asked.request)}: {answer.message}"
                self._failures.append(Failure(asked.sender, queue, keys, queue.additions, what))

    def looked(self) -> Iterator[str]:
        """Check the failures of late."""
        return self._check()

    def _check(self) -> Iterator[str]:
        if not self._failures:
            return
        failures, self._failures = self._failures, []
        for one in failures:
            if isinstance(one.sender.actor, Controller) and one.sender.actor.queue is one.queue and not one.is_retried:
                if one.is_open:
                    self._failures.append(one)
                else:
                    yield f"{one.sender.path} does not retry a failed write of {one.what}"


def _is_transient(answer: Status) -> bool:
    return answer.status == "Failure" and answer.reason in TRANSIENT and FINAL not in answer.message


INVARIANTS: tuple[type[RequestInvariant], ...] = (FailedWritesAreRetried,)
