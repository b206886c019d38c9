"""What a recorded run has come to, as data. Times are virtual seconds from the start, as those of violations."""

from collections.abc import Iterator

import msgspec

from kubeactors.sim.judge import Violation
from kubeactors.sim.plan import Plan


class Delivery(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A message reached an actor; they are numbered from 1, as `--trace` and `--pause-at` do."""

    number: int
    at: float
    sender: str
    """The path of an actor; empty if it came from outside."""
    actor: str
    kind: str
    """The class of the message."""
    summary: str
    cause: int = 0
    """The number of the message during whose handling it was sent; 0 if nobody's."""
    by_timer: bool = False
    """It was sent later, by a timer that was set then."""
    kept: bool = False
    """A fault has kept it, or lost it: it was not handled."""


class Write(msgspec.Struct, frozen=True, kw_only=True):
    """The store has committed an object."""

    revision: int
    at: float
    cause: int
    """The number of the message."""
    key: str
    """`pods/default/web-0`."""
    verb: str
    """`created`, `changed` or `deleted`."""
    diff: tuple[str, ...]
    """What is different, field by field: `spec.replicas: 3 -> 5`."""
    author: str = ""
    """The path of the actor whose request it was."""


class Firing(msgspec.Struct, frozen=True, kw_only=True):
    """A fault took effect, or did so for the first time."""

    at: float
    until: float
    kind: str
    summary: str
    component: str
    """The process that it is about; empty if that is everybody."""
    before: int
    """The number of the last message before it."""


class Records(msgspec.Struct, kw_only=True):
    """Everything about a run."""

    plan: Plan
    steps: tuple[str, ...]
    """What the plan says, for people."""
    begin: float = 0.0
    """When the plan began: the cluster was ready."""
    seconds: float = 0.0
    deliveries: list[Delivery] = msgspec.field(default_factory=list["Delivery"])
    writes: list[Write] = msgspec.field(default_factory=list["Write"])
    firings: list[Firing] = msgspec.field(default_factory=list["Firing"])
    violations: tuple[Violation, ...] = ()

    def delivery(self, number: int) -> Delivery | None:
        """The message of this number."""
        return self.deliveries[number - 1] if 0 < number <= len(self.deliveries) else None

    def causes(self, number: int) -> Iterator[Delivery]:
        """The message, what it was sent because of, and so on to the first."""
        found = self.delivery(number)
        while found is not None:
            yield found
            found = self.delivery(found.cause)
