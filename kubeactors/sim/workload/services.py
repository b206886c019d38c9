"""What users do to services: of every type, with several ports, and back."""

from typing import Literal

from kubeactors.sim.steps import Action

ServiceForm = Literal["ClusterIP", "Headless", "NodePort", "LoadBalancer", "ExternalName"]


class Expose(Action, frozen=True, kw_only=True, tag="expose"):
    """Put a service in front of a workload; one that is there already becomes as this says, if it may."""

    name: str
    of: str
    """The workload."""
    form: ServiceForm = "ClusterIP"
    ports: tuple[str, ...] = ("80",)
    """Which ports of the pods it leads to: numbers, or the name `http`, which is another number with each image."""
    not_ready: bool = False
    """Whether it leads to pods that are not ready, too."""
    sticky: bool = False
    """Whether clients stay with their pod."""
    label: str = ""
    """The value of a label of its own, which its endpoints take over."""


class Unexpose(Action, frozen=True, kw_only=True, tag="unexpose"):
    """Delete it."""

    name: str


ServiceAction = Expose | Unexpose
