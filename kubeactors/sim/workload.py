"""What users do to a cluster, as data.

Deployments are named; their pods carry the label `app: NAME`. A pod is named by its deployment and a number, which
counts the deployment's pods in the order of their names at that time, modulo their number: so an action still means
something in a plan from which other steps were taken.
"""

from typing import Literal

from kubeactors.sim.steps import Action

Propagation = Literal["Background", "Foreground", "Orphan"]


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


class Scale(Action, frozen=True, kw_only=True, tag="scale"):
    """Want another number of replicas."""

    name: str
    replicas: int


class Roll(Action, frozen=True, kw_only=True, tag="roll"):
    """Want another image."""

    name: str
    image: str


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


class DeletePod(Action, frozen=True, kw_only=True, tag="delete-pod"):
    """Delete a pod; its ReplicaSet replaces it."""

    name: str
    number: int = 0


class RelabelPod(Action, frozen=True, kw_only=True, tag="relabel-pod"):
    """Take a pod out of its ReplicaSet, which releases and replaces it. The pod belongs to nobody then, and stays."""

    name: str
    number: int = 0


class AddPod(Action, frozen=True, kw_only=True, tag="add-pod"):
    """Create a pod that belongs to nobody, behind the service of a deployment."""

    name: str
    pod: str


class RecreatePod(Action, frozen=True, kw_only=True, tag="recreate-pod"):
    """Delete such a pod if there is one, and create another one of that name as soon as it is free."""

    name: str
    pod: str


class Cordon(Action, frozen=True, kw_only=True, tag="cordon"):
    """Let no more pods come to a node."""

    node: str


class Uncordon(Action, frozen=True, kw_only=True, tag="uncordon"):
    """Let pods come to a node."""

    node: str


class RecreateService(Action, frozen=True, kw_only=True, tag="recreate-service"):
    """Delete the service of a deployment and create it again: another one of that name."""

    name: str


AnyAction = (
    CreateDeployment
    | Scale
    | Roll
    | Pause
    | Resume
    | Undo
    | DeleteDeployment
    | DeletePod
    | RelabelPod
    | AddPod
    | RecreatePod
    | Cordon
    | Uncordon
    | RecreateService
)
