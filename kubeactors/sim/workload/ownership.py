"""User actions on objects that own one another: ConfigMaps, and objects of a custom kind."""

from kubeactors.sim.steps import Action
from kubeactors.sim.workload.deployments import Propagation


class CreateDefinition(Action, frozen=True, kw_only=True, tag="create-definition"):
    """Create the definition of the kind Widget, unless it exists."""


class DeleteDefinition(Action, frozen=True, kw_only=True, tag="delete-definition"):
    """Delete it, with all Widgets."""


class CreateOwnedObject(Action, frozen=True, kw_only=True, tag="create-owned-object"):
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


class DeleteOwner(Action, frozen=True, kw_only=True, tag="delete-owner"):
    """Delete such an object."""

    name: str
    propagation: Propagation = "Background"


OwnershipAction = CreateDefinition | DeleteDefinition | CreateOwnedObject | DeleteOwner
