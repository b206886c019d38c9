"""The data of a recorded run. Times are virtual seconds from the start, as in violations."""

from collections.abc import Iterator

import msgspec

from kubeactors.sim.judge import Violation
from kubeactors.sim.plan import Plan


class Delivery(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A message that reached an actor; numbered from 1, as in `--trace` and `--pause-at`."""

    number: int
    at: float
    sender: str
    """The path of the sending actor; empty if the message came from outside."""
    actor: str
    kind: str
    """The class of the message."""
    summary: str
    cause: int = 0
    """The number of the message whose handling sent it; 0 for none."""
    by_timer: bool = False
    """Whether it was sent later, by a timer that was set during that handling."""
    kept: bool = False
    """Whether a fault held it back or lost it, so that it was not handled."""


class Write(msgspec.Struct, frozen=True, kw_only=True):
    """A commit of the store."""

    revision: int
    at: float
    cause: int
    """The number of the message that caused it."""
    key: str
    """`pods/default/web-0`."""
    verb: str
    """`created`, `changed` or `deleted`."""
    diff: tuple[str, ...]
    """The differences, field by field: `spec.replicas: 3 -> 5`."""
    author: str = ""
    """The path of the actor that requested it."""


class Firing(msgspec.Struct, frozen=True, kw_only=True):
    """A fault took effect, perhaps not for the first time."""

    at: float
    until: float
    kind: str
    summary: str
    component: str
    """The process that it affects; empty for all."""
    before: int
    """The number of the last message before it."""


class Records(msgspec.Struct, kw_only=True):
    """Everything about a run."""

    plan: Plan
    steps: tuple[str, ...]
    """The steps of the plan, as text."""
    begin: float = 0.0
    """When the plan began: when the cluster was ready."""
    seconds: float = 0.0
    deliveries: list[Delivery] = msgspec.field(default_factory=list["Delivery"])
    writes: list[Write] = msgspec.field(default_factory=list["Write"])
    firings: list[Firing] = msgspec.field(default_factory=list["Firing"])
    violations: tuple[Violation, ...] = ()

    def delivery(self, number: int) -> Delivery | None:
        """The message of this number."""
        return self.deliveries[number - 1] if 0 < number <= len(self.deliveries) else None

    def causes(self, number: int) -> Iterator[Delivery]:
        """The message, its cause, and so on to the first."""
        found = self.delivery(number)
        while found is not None:
            yield found
            found = self.delivery(found.cause)
