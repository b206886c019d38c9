"""The new ReplicaSet of a Deployment, and the annotations of ReplicaSets.

Source: pkg/controller/deployment/util/deployment_util.go (v1.36).
"""

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from kubeactors.api.apps.v1 import Deployment, ReplicaSet
from kubeactors.api.core.v1 import PodTemplateSpec

HASH_LABEL = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
REVISION_HISTORY = "deployment.kubernetes.io/revision-history"
DESIRED_REPLICAS = "deployment.kubernetes.io/desired-replicas"
MAX_REPLICAS = "deployment.kubernetes.io/max-replicas"

NOT_COPIED = (
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    REVISION_HISTORY,
    DESIRED_REPLICAS,
    MAX_REPLICAS,
    "deprecated.deployment.rollback.to",
)
"""Annotations that a ReplicaSet does not inherit from its Deployment."""

HISTORY_LENGTH = 2000
"""The maximum length of the revision history annotation, in characters; the oldest revisions are dropped."""


def same_template(one: PodTemplateSpec, other: PodTemplateSpec) -> bool:
    """Whether two templates are equal, apart from the hash label."""
    if one.spec is not other.spec and one.spec != other.spec:
        return False
    return _without_hash(one) == _without_hash(other)


def find_new(deployment: Deployment, replica_sets: Iterable[ReplicaSet]) -> ReplicaSet | None:
    """The oldest ReplicaSet with the Deployment's template; None if there is none."""
    for one in sorted(replica_sets, key=by_creation):
        if same_template(one.spec.template, deployment.spec.template):
            return one
    return None


def by_creation(found: ReplicaSet) -> tuple[str, str]:
    """Sort key: the oldest first."""
    return found.metadata.creation_timestamp or "", found.metadata.name


def by_revision(found: ReplicaSet) -> tuple[int, tuple[str, str]]:
    """Sort key: the oldest revision first."""
    return revision_of(found), by_creation(found)


def revision_of(found: ReplicaSet) -> int:
    """The revision of a ReplicaSet; 0 if it has none yet."""
    return number_in(found.metadata.annotations, REVISION) or 0


def number_in(annotations: Mapping[str, str], key: str) -> int | None:
    """The integer in an annotation; None if it is missing or malformed.

    >>> number_in({"a": "3", "b": "x"}, "a"), number_in({"a": "3", "b": "x"}, "b")
    (3, None)
    """
    try:
        return int(annotations[key])
    except (KeyError, ValueError):
        return None


def with_replicas(found: ReplicaSet, desired: int, maximum: int) -> ReplicaSet:
    """The ReplicaSet with the desired and the maximum replicas of the Deployment as annotations."""
    sizes = {DESIRED_REPLICAS: str(desired), MAX_REPLICAS: str(maximum)}
    return with_annotations(found, {**found.metadata.annotations, **sizes})


def with_annotations(found: ReplicaSet, annotations: dict[str, str]) -> ReplicaSet:
    """The ReplicaSet with these annotations; the same object if it has them."""
    if annotations == found.metadata.annotations:
        return found
    return replace(found, metadata=replace(found.metadata, annotations=annotations))


def synced_annotations(deployment: Deployment, annotations: Mapping[str, str], revision: int) -> dict[str, str]:
    """The annotations of the new ReplicaSet: its own, those of its Deployment, and its revision.

    The revision only grows. After a rollback the ReplicaSet's former revision goes into its revision history.
    """
    copied = {key: value for key, value in deployment.metadata.annotations.items() if key not in NOT_COPIED}
    synced = {**annotations, **copied}
    previous = synced.get(REVISION, "")
    if previous and number_in(synced, REVISION) is None:
        return synced  # malformed by another client: not ours to repair
    if int(previous or 0) >= revision:
        return synced
    synced[REVISION] = str(revision)
    if previous:
        synced[REVISION_HISTORY] = _history(synced.get(REVISION_HISTORY, ""), previous)
    return synced


def _history(history: str, revision: str) -> str:
    """The history with this revision appended; the oldest are dropped if it gets too long."""
    revisions = [*filter(None, history.split(",")), revision]
    while len(",".join(revisions)) > HISTORY_LENGTH:
        revisions.pop(0)
    return ",".join(revisions)


def _without_hash(template: PodTemplateSpec) -> object:
    metadata = template.metadata
    if HASH_LABEL not in metadata.labels:
        return metadata
    return replace(metadata, labels={key: value for key, value in metadata.labels.items() if key != HASH_LABEL})
