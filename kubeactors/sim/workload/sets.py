"""What users do to stateful sets, daemon sets, replication controllers, bare replica sets and jobs.

Their pods carry the label `app: NAME`.
"""

from typing import Literal

from kubeactors.sim.steps import Action
from kubeactors.sim.workload.deployments import Propagation
from kubeactors.sim.workload.probing import Probing
from kubeactors.sim.workload.traits import Trait

SetKind = Literal["StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob"]
Keeper = Literal["ReplicaSet", "ReplicationController"]
"""What keeps so many pods of one template, and no more than that."""
Concurrency = Literal["Allow", "Forbid", "Replace"]
Policy = Literal["", "FailJob", "FailIndex", "Ignore"]
Retention = Literal["Retain", "Delete"]


class CreateStatefulSet(Action, frozen=True, kw_only=True, tag="create-stateful-set"):
    """Create a stateful set, and a service in front of it. Nothing happens if there is one of that name."""

    name: str
    replicas: int
    parallel: bool = False
    image: str = "1"
    claims: bool = False
    """Whether each pod has a volume of its own."""
    late: bool = False
    """Whether these are made only when it is known where the pod will be."""
    retention: Retention = "Retain"
    """What becomes of these when the set is made smaller or deleted."""
    start: int = 0
    """The number of its first pod."""
    partition: int = 0
    """Pods of lower numbers keep their template when it is rolled."""
    tolerate_seconds: int = 15
    probes: bool = False
    """Whether its containers are probed: started, ready, alive."""
    probing: Probing | None = None
    """How they are, if not as usual."""
    joins: bool = False
    """Whether its pods, when they start, wait until the first of them is ready: they join it."""
    trait: Trait = ""
    """What its pods are like."""
    min_ready_seconds: int = 0
    """How long a pod must be ready until it counts as available."""


class CreateDaemonSet(Action, frozen=True, kw_only=True, tag="create-daemon-set"):
    """Create a daemon set. Nothing happens if there is one of that name."""

    name: str
    image: str = "1"
    max_unavailable: int = 1
    max_surge: int = 0
    """How many nodes may have a new pod beside an old one; then none may be without."""
    trait: Trait = ""
    """What its pods are like."""
    min_ready_seconds: int = 0
    """How long a pod must be ready until it counts as available."""


class CreateReplicationController(Action, frozen=True, kw_only=True, tag="create-replication-controller"):
    """Create a replication controller, and a service in front of it. Nothing happens if there is one of that name.

    It selects pods by their label alone: it takes what others have left, and what users add.
    """

    name: str
    of: Keeper = "ReplicationController"
    """Or a replica set in its place, which belongs to no deployment."""
    replicas: int
    image: str = "1"
    tolerate_seconds: int = 15
    probes: bool = False
    """Whether its containers are probed: started, ready, alive."""
    probing: Probing | None = None
    """How they are, if not as usual."""
    trait: Trait = ""
    """What its pods are like."""
    min_ready_seconds: int = 0
    """How long a pod must be ready until it counts as available."""


class CreateJob(Action, frozen=True, kw_only=True, tag="create-job"):
    """Create a job. Nothing happens if there is one of that name."""

    name: str
    completions: int | None
    """How many pods must succeed; without a number one is enough, and no more are begun then."""
    parallelism: int
    exit_code: int = 0
    """With which each pod ends."""
    backoff_limit: int = 2
    indexed: bool = False
    run_seconds: float = 0.0
    """How long each pod runs, if that is said; otherwise it ends at once."""
    suspended: bool = False
    """Whether it begins only when it is resumed."""
    ttl_seconds: int | None = None
    """How long it is kept when it has ended."""
    deadline_seconds: int | None = None
    """How long it may take."""
    backoff_limit_per_index: int | None = None
    """How often each index may fail, if it has indexes."""
    policy: Policy = ""
    """What a pod that fails does to the job, or to its index; or whether pods that were driven off do not count."""
    max_failed_indexes: int | None = None
    """So many of its indexes may fail until all of it does."""
    succeeds_early: bool = False
    """Whether its first index is enough, if it has indexes."""
    replaces_late: bool = False
    """Whether a pod that goes is replaced only when it has gone."""
    trait: Trait = ""
    """What its pods are like."""


class SuspendJob(Action, frozen=True, kw_only=True, tag="suspend-job"):
    """Let it have no pods for a while, or go on."""

    name: str
    suspend: bool


class ResizeJob(Action, frozen=True, kw_only=True, tag="resize-job"):
    """Let another number of its pods run at a time."""

    name: str
    parallelism: int


class CreateCronJob(Action, frozen=True, kw_only=True, tag="create-cron-job"):
    """Create a cron job that runs each minute. Nothing happens if there is one of that name."""

    name: str
    concurrency: Concurrency = "Allow"
    run_seconds: float = 0.0
    """How long each of its pods runs."""
    history: int = 3
    """How many of its jobs that have ended well are kept."""


class SuspendCronJob(Action, frozen=True, kw_only=True, tag="suspend-cron-job"):
    """Let it create no more jobs."""

    name: str


class ScaleStatefulSet(Action, frozen=True, kw_only=True, tag="scale-stateful-set"):
    """Want another number of replicas."""

    name: str
    replicas: int


class ScaleReplicationController(Action, frozen=True, kw_only=True, tag="scale-replication-controller"):
    """Want another number of replicas, without a look at what there is."""

    name: str
    of: Keeper = "ReplicationController"
    replicas: int


class RollSet(Action, frozen=True, kw_only=True, tag="roll-set"):
    """Want another image; a replication controller's pods have it from the next one on."""

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
    | CreateReplicationController
    | CreateJob
    | SuspendJob
    | ResizeJob
    | CreateCronJob
    | SuspendCronJob
    | ScaleStatefulSet
    | ScaleReplicationController
    | RollSet
    | DeleteSet
)
