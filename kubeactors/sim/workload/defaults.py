"""Default classes, and objects that name no class."""

from typing import Literal

from kubeactors.sim.steps import Action

Chosen = Literal["ingress", "claim", "pod"]
"""Objects that get a default class: ingress class, storage class, priority class."""


class SetDefaultClass(Action, frozen=True, kw_only=True, tag="set-default-class"):
    """Mark a class as the default, or not; create it if missing. Only one priority class may be the default."""

    of: Chosen
    number: int
    """Part of its name."""
    default: bool = True


class DeleteClass(Action, frozen=True, kw_only=True, tag="delete-class"):
    """Delete such a class."""

    of: Chosen
    number: int


class CreateWithoutClass(Action, frozen=True, kw_only=True, tag="create-without-class"):
    """Create an object that names no class, unless it exists."""

    of: Chosen
    number: int
    """Part of its name."""


DefaultAction = SetDefaultClass | DeleteClass | CreateWithoutClass
