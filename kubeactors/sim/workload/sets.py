"""User actions on StatefulSets, DaemonSets, ReplicationControllers, bare ReplicaSets, Jobs and CronJobs.

Their pods carry the label `app: NAME`.
"""

from typing import Literal

from kubeactors.sim.steps import Action
from kubeactors.sim.workload.deployments import Propagation
from kubeactors.sim.workload.probing import Probing
from kubeactors.sim.workload.traits import Trait

SetKind = Literal["StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob"]
Keeper = Literal["ReplicaSet", "ReplicationController"]
"""Workloads that only keep a number of pods of one template."""
Concurrency = Literal["Allow", "Forbid", "Replace"]
Policy = Literal["", "FailJob", "FailIndex", "Ignore"]
Retention = Literal["Retain", "Delete"]


class CreateStatefulSet(Action, frozen=True, kw_only=True, tag="create-stateful-set"):
    """Create a StatefulSet and a Service for it, unless they exist."""

    name: str
    replicas: int
    parallel: bool = False
    image: str = "1"
    claims: bool = False
    """Whether each pod has a volume claim."""
    late: bool = False
    """Whether volumes are provisioned only for the first consumer (WaitForFirstConsumer)."""
    retention: Retention = "Retain"
    """The retention policy of claims when the set is scaled down or deleted."""
    start: int = 0
    """The ordinal of its first pod."""
    partition: int = 0
    """Pods with lower ordinals are not updated in a rollout."""
    tolerate_seconds: int = 15
    probes: bool = False
    """Whether its containers have startup, readiness and liveness probes."""
    probing: Probing | None = None
    """The parameters of the probes, if not the usual ones."""
    joins: bool = False
    """Whether its pods, when they start, wait until the first of them is ready."""
    trait: Trait = ""
    """A special feature of its pods."""
    min_ready_seconds: int = 0
    """How long a pod must be ready until it counts as available."""


class CreateDaemonSet(Action, frozen=True, kw_only=True, tag="create-daemon-set"):
    """Create a DaemonSet, unless it exists."""

    name: str
    image: str = "1"
    max_unavailable: int = 1
    max_surge: int = 0
    """How many nodes may have a new pod beside an old one; if set, none may be unavailable."""
    trait: Trait = ""
    """A special feature of its pods."""
    min_ready_seconds: int = 0
    """How long a pod must be ready until it counts as available."""


class CreateReplicationController(Action, frozen=True, kw_only=True, tag="create-replication-controller"):
    """Create a ReplicationController and a Service for it, unless they exist.

    It selects pods by their label alone: it adopts pods that others have orphaned, and that users add.
    """

    name: str
    of: Keeper = "ReplicationController"
    """Or a bare ReplicaSet instead, which belongs to no Deployment."""
    replicas: int
    image: str = "1"
    tolerate_seconds: int = 15
    probes: bool = False
    """Whether its containers have startup, readiness and liveness probes."""
    probing: Probing | None = None
    """The parameters of the probes, if not the usual ones."""
    trait: Trait = ""
    """A special feature of its pods."""
    min_ready_seconds: int = 0
    """How long a pod must be ready until it counts as available."""


class CreateJob(Action, frozen=True, kw_only=True, tag="create-job"):
    """Create a Job, unless it exists."""

    name: str
    completions: int | None
    """How many pods must succeed; if None, one is enough, and no more are started after that."""
    parallelism: int
    exit_code: int = 0
    """Of each pod."""
    backoff_limit: int = 2
    indexed: bool = False
    run_seconds: float = 0.0
    """How long each pod runs."""
    suspended: bool = False
    """Whether it is created suspended."""
    ttl_seconds: int | None = None
    """After how long it is deleted when it has finished."""
    deadline_seconds: int | None = None
    """The active deadline."""
    backoff_limit_per_index: int | None = None
    """How often each index may fail, if it is indexed."""
    policy: Policy = ""
    """The pod failure policy: fail the Job or the index on any failure, or ignore disrupted pods."""
    max_failed_indexes: int | None = None
    """How many indexes may fail before the Job fails."""
    succeeds_early: bool = False
    """Whether success of the first index is enough, if it is indexed."""
    replaces_late: bool = False
    """Whether a terminating pod is replaced only once it has failed."""
    trait: Trait = ""
    """A special feature of its pods."""


class SuspendJob(Action, frozen=True, kw_only=True, tag="suspend-job"):
    """Suspend or resume a Job."""

    name: str
    suspend: bool


class ResizeJob(Action, frozen=True, kw_only=True, tag="resize-job"):
    """Change the parallelism of a Job."""

    name: str
    parallelism: int


class CreateCronJob(Action, frozen=True, kw_only=True, tag="create-cron-job"):
    """Create a CronJob that runs every minute, unless it exists."""

    name: str
    concurrency: Concurrency = "Allow"
    run_seconds: float = 0.0
    """How long each of its pods runs."""
    history: int = 3
    """How many of its successful Jobs are kept."""


class SuspendCronJob(Action, frozen=True, kw_only=True, tag="suspend-cron-job"):
    """Suspend a CronJob."""

    name: str


class ScaleStatefulSet(Action, frozen=True, kw_only=True, tag="scale-stateful-set"):
    """Change the number of replicas."""

    name: str
    replicas: int


class ScaleReplicationController(Action, frozen=True, kw_only=True, tag="scale-replication-controller"):
    """Change the number of replicas by the scale subresource, without reading first."""

    name: str
    of: Keeper = "ReplicationController"
    replicas: int


class RollWorkload(Action, frozen=True, kw_only=True, tag="roll-workload"):
    """Change the image; a ReplicationController or bare ReplicaSet uses it for new pods only."""

    of: SetKind
    name: str
    image: str


class DeleteWorkload(Action, frozen=True, kw_only=True, tag="delete-workload"):
    """Delete a workload; its pods are deleted as well, unless they are orphaned."""

    of: SetKind
    name: str
    propagation: Propagation = "Background"


SetAction = (
    CreateStatefulSet
    | CreateDaemonSet
    | CreateReplicationController
    | CreateJob
    | SuspendJob
    | ResizeJob
    | CreateCronJob
    | SuspendCronJob
    | ScaleStatefulSet
    | ScaleReplicationController
    | RollWorkload
    | DeleteWorkload
)
