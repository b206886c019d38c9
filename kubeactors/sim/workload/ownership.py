"""User actions on objects that own one another: ConfigMaps, and objects of a custom kind."""

from kubeactors.sim.steps import Action
from kubeactors.sim.workload.deployments import Propagation


class DefineKind(Action, frozen=True, kw_only=True, tag="define-kind"):
    """Create the definition of the kind Widget, unless it exists."""


class UndefineKind(Action, frozen=True, kw_only=True, tag="undefine-kind"):
    """Delete it, with all Widgets."""


class Own(Action, frozen=True, kw_only=True, tag="own-by"):
    """Create a ConfigMap or Widget, owned by those of the owners that exist; the first is its controller."""

    name: str
    owners: tuple[str, ...] = ()
    """Names that begin with `w` are of Widgets."""
    held_seconds: float = 0.0
    """How long a finalizer holds it."""

    @property
    def heals_at(self) -> float:
        """When the finalizer is removed."""
        return self.at + self.held_seconds


class DropOwner(Action, frozen=True, kw_only=True, tag="drop-owner"):
    """Delete such an object."""

    name: str
    propagation: Propagation = "Background"


OwnershipAction = DefineKind | UndefineKind | Own | DropOwner
