"""What users do to deployments."""

from typing import Literal

import msgspec

from kubeactors.sim.steps import Action
from kubeactors.sim.workload.probing import Probing
from kubeactors.sim.workload.traits import Trait

Propagation = Literal["Background", "Foreground", "Orphan"]

SLOW_IMAGE = "slow"
"""An image whose containers take long to start: a rollout of it is under way for long, and much may come in between."""


class CreateDeployment(Action, frozen=True, kw_only=True, tag="create-deployment"):
    """Create a deployment, and a service in front of it. Nothing happens if there is one of that name."""

    name: str
    replicas: int
    image: str = "1"
    max_surge: int = 1
    max_unavailable: int = 0
    recreate: bool = False
    cpu: str = "100m"
    tolerate_seconds: int = 15
    """How long its pods stay on a node that is not ready."""
    probes: bool = False
    """Whether its containers are probed: started, ready, alive."""
    probing: Probing | None = None
    """How they are, if not as usual."""
    flaps: bool = False
    """Whether its pods, once in a while, are not ready for a moment, if they are probed as usual."""
    urgent: bool = False
    """Whether its pods may take the place of others that are not."""
    load: str = ""
    """How much CPU each of its pods takes, from its start on: a curve, such as `20m 40:90m`."""
    stop_seconds: int = 0
    """How long its pods take to end; 0 is as long as others do."""
    crashes: int = 0
    """How often each of its containers ends soon after it has begun, before it runs on."""
    history: int = 10
    """How many old ReplicaSets it keeps."""
    trait: Trait = ""
    """What its pods are like."""
    min_ready_seconds: int = 0
    """How long a pod must be ready until it counts as available."""
    deadline_seconds: int | None = None
    """After how long without progress it says that there is none."""


class Scale(Action, frozen=True, kw_only=True, tag="scale"):
    """Want another number of replicas."""

    name: str
    replicas: int


class Roll(Action, frozen=True, kw_only=True, tag="roll"):
    """Want another image."""

    name: str
    image: str


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How many pods may come, or go, in a period."""

    amount: int
    percent: bool = False
    """Whether it is a share of the pods that there are."""
    seconds: int = 60


class Autoscale(Action, frozen=True, kw_only=True, tag="autoscale"):
    """Let it have as many replicas as its load asks for. Nothing happens if that is so already."""

    name: str
    least: int = 1
    most: int = 4
    percent: int = 50
    """How busy pods should be, in percent of the CPU that they request."""
    patience_seconds: int = 0
    """How long less load must last until there are fewer."""
    paces: tuple[Pace, ...] = ()
    """How fast it may grow, and shrink; as usual if that is not said."""
    slowest: bool = False
    """Whether the slowest of these holds, and not the fastest."""


class Pause(Action, frozen=True, kw_only=True, tag="pause"):
    """Stop rolling."""

    name: str


class Resume(Action, frozen=True, kw_only=True, tag="resume"):
    """Go on rolling."""

    name: str


class Undo(Action, frozen=True, kw_only=True, tag="undo"):
    """Want the template of the revision before."""

    name: str


class DeleteDeployment(Action, frozen=True, kw_only=True, tag="delete-deployment"):
    """Delete a deployment and its service; its pods go too, unless they are orphaned."""

    name: str
    propagation: Propagation = "Background"


DeploymentAction = CreateDeployment | Scale | Autoscale | Roll | Pause | Resume | Undo | DeleteDeployment
