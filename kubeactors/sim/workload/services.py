"""User actions on Services: of every type, with several ports, and changes of type."""

from typing import Literal

from kubeactors.sim.steps import Action

ServiceForm = Literal["ClusterIP", "Headless", "NodePort", "LoadBalancer", "ExternalName"]


class CreateService(Action, frozen=True, kw_only=True, tag="create-service"):
    """Create a Service for a workload, or update an existing one."""

    name: str
    of: str
    """The workload."""
    form: ServiceForm = "ClusterIP"
    ports: tuple[str, ...] = ("80",)
    """The target ports: numbers, or the name `http`, whose number differs by image."""
    not_ready: bool = False
    """Whether it publishes addresses of pods that are not ready."""
    sticky: bool = False
    """Whether it has session affinity by client IP."""
    label: str = ""
    """The value of an additional label, which is copied to its endpoints."""


class DeleteService(Action, frozen=True, kw_only=True, tag="delete-service"):
    """Delete it."""

    name: str


ServiceAction = CreateService | DeleteService
