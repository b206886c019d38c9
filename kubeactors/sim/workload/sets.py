"""What users do to stateful sets, daemon sets and jobs. Their pods carry the label `app: NAME`."""

from typing import Literal

from kubeactors.sim.steps import Action
from kubeactors.sim.workload.deployments import Propagation

SetKind = Literal["StatefulSet", "DaemonSet", "Job", "CronJob"]
Concurrency = Literal["Allow", "Forbid", "Replace"]


class CreateStatefulSet(Action, frozen=True, kw_only=True, tag="create-stateful-set"):
    """Create a stateful set, and a service in front of it. Nothing happens if there is one of that name."""

    name: str
    replicas: int
    parallel: bool = False
    image: str = "1"
    claims: bool = False
    """Whether each pod has a volume of its own."""
    tolerate_seconds: int = 15
    probes: bool = False
    """Whether its containers are probed: started, ready, alive."""


class CreateDaemonSet(Action, frozen=True, kw_only=True, tag="create-daemon-set"):
    """Create a daemon set. Nothing happens if there is one of that name."""

    name: str
    image: str = "1"
    max_unavailable: int = 1


class CreateJob(Action, frozen=True, kw_only=True, tag="create-job"):
    """Create a job. Nothing happens if there is one of that name."""

    name: str
    completions: int
    parallelism: int
    exit_code: int = 0
    """With which each pod ends."""
    backoff_limit: int = 2
    indexed: bool = False


class CreateCronJob(Action, frozen=True, kw_only=True, tag="create-cron-job"):
    """Create a cron job that runs each minute. Nothing happens if there is one of that name."""

    name: str
    concurrency: Concurrency = "Allow"
    run_seconds: float = 0.0
    """How long each of its pods runs."""


class SuspendCronJob(Action, frozen=True, kw_only=True, tag="suspend-cron-job"):
    """Let it create no more jobs."""

    name: str


class ScaleStatefulSet(Action, frozen=True, kw_only=True, tag="scale-stateful-set"):
    """Want another number of replicas."""

    name: str
    replicas: int


class RollSet(Action, frozen=True, kw_only=True, tag="roll-set"):
    """Want another image."""

    of: SetKind
    name: str
    image: str


class DeleteSet(Action, frozen=True, kw_only=True, tag="delete-set"):
    """Delete it; its pods go too, unless they are orphaned."""

    of: SetKind
    name: str
    propagation: Propagation = "Background"


SetAction = (
    CreateStatefulSet
    | CreateDaemonSet
    | CreateJob
    | CreateCronJob
    | SuspendCronJob
    | ScaleStatefulSet
    | RollSet
    | DeleteSet
)
