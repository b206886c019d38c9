"""User actions on Deployments."""

from typing import Literal

import msgspec

from kubeactors.sim.steps import Action
from kubeactors.sim.workload.probing import Probing
from kubeactors.sim.workload.traits import Trait

Propagation = Literal["Background", "Foreground", "Orphan"]

SLOW_IMAGE = "slow"
"""An image whose containers start slowly: its rollouts take long, so that much can happen meanwhile."""


class CreateDeployment(Action, frozen=True, kw_only=True, tag="create-deployment"):
    """Create a Deployment and a Service for it, unless they exist."""

    name: str
    replicas: int
    image: str = "1"
    max_surge: int = 1
    max_unavailable: int = 0
    recreate: bool = False
    cpu: str = "100m"
    tolerate_seconds: int = 15
    """How long its pods tolerate a node that is not ready."""
    probes: bool = False
    """Whether its containers have startup, readiness and liveness probes."""
    probing: Probing | None = None
    """The parameters of the probes, if not the usual ones."""
    flaps: bool = False
    """Whether its pods are briefly unready now and then, with the usual probes."""
    urgent: bool = False
    """Whether its pods have a high priority and may preempt others."""
    load: str = ""
    """The CPU usage of each pod from its start on: a curve, such as `20m 40:90m`."""
    stop_seconds: int = 0
    """How long its pods take to stop; 0 for the usual time."""
    crashes: int = 0
    """How often each of its containers crashes soon after it starts, before it keeps running."""
    history: int = 10
    """The revision history limit."""
    trait: Trait = ""
    """A special feature of its pods."""
    min_ready_seconds: int = 0
    """How long a pod must be ready until it counts as available."""
    deadline_seconds: int | None = None
    """The progress deadline."""


class Scale(Action, frozen=True, kw_only=True, tag="scale"):
    """Change the number of replicas."""

    name: str
    replicas: int


class Roll(Action, frozen=True, kw_only=True, tag="roll"):
    """Change the image: a rollout."""

    name: str
    image: str


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """A scaling policy: how many pods may be added, or removed, in a period."""

    amount: int
    percent: bool = False
    """Whether `amount` is a percentage of the current pods."""
    seconds: int = 60


class Autoscale(Action, frozen=True, kw_only=True, tag="autoscale"):
    """Create a HorizontalPodAutoscaler, unless it exists."""

    name: str
    least: int = 1
    most: int = 4
    percent: int = 50
    """The target utilization, in percent of the requested CPU."""
    patience_seconds: int = 0
    """The stabilization window of scale-down."""
    paces: tuple[Pace, ...] = ()
    """The scaling policies, up and down; the default ones if empty."""
    slowest: bool = False
    """Whether the policy with the smallest change is selected, not that with the largest."""


class Pause(Action, frozen=True, kw_only=True, tag="pause"):
    """Pause the rollout."""

    name: str


class Resume(Action, frozen=True, kw_only=True, tag="resume"):
    """Resume the rollout."""

    name: str


class Undo(Action, frozen=True, kw_only=True, tag="undo"):
    """Roll back to the previous revision."""

    name: str


class DeleteDeployment(Action, frozen=True, kw_only=True, tag="delete-deployment"):
    """Delete a Deployment and its Service; its pods are deleted as well, unless they are orphaned."""

    name: str
    propagation: Propagation = "Background"


DeploymentAction = CreateDeployment | Scale | Autoscale | Roll | Pause | Resume | Undo | DeleteDeployment
