"""Classes that are the default, and what names none."""

from typing import Literal

from kubeactors.sim.steps import Action

Chosen = Literal["ingress", "claim", "pod"]
"""What gets a class that it does not name: one of ingresses, of volumes, of priorities."""


class SetDefault(Action, frozen=True, kw_only=True, tag="set-default"):
    """Let a class be the default, or be it no more; create it if it is not there. Of priorities only one may be."""

    of: Chosen
    number: int
    """Part of its name."""
    default: bool = True


class DropClass(Action, frozen=True, kw_only=True, tag="drop-class"):
    """Delete such a class."""

    of: Chosen
    number: int


class NameNone(Action, frozen=True, kw_only=True, tag="name-none"):
    """Create something that names no class. Nothing happens if there is one of that name."""

    of: Chosen
    number: int
    """Part of its name."""


DefaultAction = SetDefault | DropClass | NameNone
