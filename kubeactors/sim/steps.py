"""The base classes of a plan's steps."""

from typing import ClassVar

import msgspec


class Step(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """Something that happens `at` so many virtual seconds after the cluster is ready.

    Its `kind` is the tag of its class. A step is data: `users/` and `chaos/` execute it.
    """

    essential: ClassVar[tuple[str, ...]] = ("seconds",)
    """The fields that a shrinker does not reset to their defaults, if a class has them."""

    at: float

    @property
    def heals_at(self) -> float:
        """When its last effect is over, in seconds like `at`."""
        return self.at

    @property
    def moments(self) -> tuple[float, ...]:
        """When a phase of it begins or ends, in order: other steps before, between and after these meet it differently."""
        return (self.at,) if self.heals_at == self.at else (self.at, self.heals_at)


class Action(Step, frozen=True, kw_only=True):
    """A user action."""

    @property
    def counted_as(self) -> str:
        """What reports count it under: its kind, or more precisely where one kind stands for many actions."""
        return kind_of(self)


class Fault(Step, frozen=True, kw_only=True):
    """A fault. It is armed at its time, takes effect when it meets its target, and always heals."""


class Lasting(Fault, frozen=True, kw_only=True):
    """A fault with a duration."""

    seconds: float

    @property
    def heals_at(self) -> float:
        """When it ends."""
        return self.at + self.seconds


def kind_of(step: Step) -> str:
    """The name of a step's kind.

    >>> class Nap(Step, frozen=True, kw_only=True, tag="nap"):
    ...     pass
    >>> kind_of(Nap(at=0))
    'nap'
    """
    return str(type(step).__struct_config__.tag)
