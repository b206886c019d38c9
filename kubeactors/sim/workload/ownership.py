"""What users do to things that own one another: config maps, and objects of a kind of their own."""

from kubeactors.sim.steps import Action
from kubeactors.sim.workload.deployments import Propagation


class DefineKind(Action, frozen=True, kw_only=True, tag="define-kind"):
    """Create the definition of the kind Widget. Nothing happens if it is there."""


class UndefineKind(Action, frozen=True, kw_only=True, tag="undefine-kind"):
    """Delete it, with all widgets."""


class Own(Action, frozen=True, kw_only=True, tag="own-by"):
    """Create a config map, or a widget, that those of these are owners of that are there; the first is its controller."""

    name: str
    owners: tuple[str, ...] = ()
    """Widgets are those whose names begin with `w`."""
    held_seconds: float = 0.0
    """How long a finalizer holds it."""

    @property
    def heals_at(self) -> float:
        """When nothing holds it any more."""
        return self.at + self.held_seconds


class DropOwner(Action, frozen=True, kw_only=True, tag="drop-owner"):
    """Delete one."""

    name: str
    propagation: Propagation = "Background"


OwnershipAction = DefineKind | UndefineKind | Own | DropOwner
