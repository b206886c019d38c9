"""The base of what a plan consists of."""

import msgspec


class Step(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """Something that happens `at` so many virtual seconds after the cluster is ready.

    Its `kind` is the tag of its class. A step is data: what it does stands in `users/` and `chaos/`.
    """

    at: float

    @property
    def heals_at(self) -> float:
        """When its latest effect is over, in seconds like `at`."""
        return self.at

    @property
    def moments(self) -> tuple[float, ...]:
        """When something of it begins or ends, in order: what happens before, between or after these differs."""
        return (self.at,) if self.heals_at == self.at else (self.at, self.heals_at)


class Action(Step, frozen=True, kw_only=True):
    """Something that a user does."""


class Fault(Step, frozen=True, kw_only=True):
    """Something that breaks. It is armed at its time, fires when it meets what it breaks, and always heals."""


class Lasting(Fault, frozen=True, kw_only=True):
    """A fault that lasts."""

    seconds: float

    @property
    def heals_at(self) -> float:
        """When it is over."""
        return self.at + self.seconds


def kind_of(step: Step) -> str:
    """The name of a step's kind.

    >>> class Nap(Step, frozen=True, kw_only=True, tag="nap"):
    ...     pass
    >>> kind_of(Nap(at=0))
    'nap'
    """
    return str(type(step).__struct_config__.tag)
