"""How many replicas each ReplicaSet of a Deployment may have.

Source: pkg/controller/deployment/util/deployment_util.go (v1.36).
"""

from collections.abc import Iterable, Sequence
from math import floor

from kubeactors.api.apps.v1 import Deployment, ReplicaSet
from kubeactors.apimachinery.meta import IntOrString
from kubeactors.controllers.deployment.revisions import DESIRED_REPLICAS, MAX_REPLICAS, by_creation, number_in

ROLLING_UPDATE, RECREATE = "RollingUpdate", "Recreate"


def scaled(value: IntOrString | None, total: int, *, up: bool) -> int:
    """The absolute value of a number or percentage of `total`, rounded up or down; None counts as 0.

    >>> scaled("25%", 3, up=True), scaled("25%", 3, up=False), scaled(2, 3, up=True), scaled(None, 3, up=True)
    (1, 0, 2, 0)
    """
    if value is None:
        return 0
    if isinstance(value, int):
        return value
    percent = int(value.removesuffix("%"))
    return -(-total * percent // 100) if up else total * percent // 100


def fenceposts(deployment: Deployment) -> tuple[int, int]:
    """The absolute `maxSurge` and `maxUnavailable`. They are not both 0, or a rollout could not make progress."""
    rolling, total = deployment.spec.strategy.rolling_update, wanted(deployment)
    if rolling is None:
        return 0, 0
    surge = scaled(rolling.max_surge, total, up=True)
    unavailable = scaled(rolling.max_unavailable, total, up=False)
    return surge, unavailable if surge or unavailable else 1


def wanted(deployment: Deployment) -> int:
    """The Deployment's `spec.replicas`, with the default of 1."""
    return 1 if deployment.spec.replicas is None else deployment.spec.replicas


def size(found: ReplicaSet) -> int:
    """The ReplicaSet's `spec.replicas`, with the default of 1."""
    return 1 if found.spec.replicas is None else found.spec.replicas


def total_size(replica_sets: Iterable[ReplicaSet]) -> int:
    """The sum of their sizes."""
    return sum(map(size, replica_sets))


def is_rolling(deployment: Deployment) -> bool:
    """Whether the strategy is RollingUpdate."""
    return deployment.spec.strategy.type == ROLLING_UPDATE


def max_surge(deployment: Deployment) -> int:
    """How many pods there may be beyond the desired replicas."""
    return fenceposts(deployment)[0] if is_rolling(deployment) else 0


def max_unavailable(deployment: Deployment) -> int:
    """How many of the desired pods may be unavailable."""
    if not is_rolling(deployment) or wanted(deployment) == 0:
        return 0
    return min(fenceposts(deployment)[1], wanted(deployment))


def room(deployment: Deployment, replica_sets: Iterable[ReplicaSet]) -> int:
    """How many pods may be added now in a rolling update.

    A ReplicaSet counts with its spec's or its status' replicas, whichever is more, and nothing is added before all specs
    are observed. Kubernetes counts only the specs, and exceeds `maxSurge` until the old pods are deleted.
    """
    found = tuple(replica_sets)
    if any(one.metadata.generation > one.status.observed_generation for one in found):
        return 0
    current = sum(max(size(one), one.status.replicas) for one in found)
    return max(wanted(deployment) + max_surge(deployment) - current, 0)


def new_size(deployment: Deployment, replica_sets: Iterable[ReplicaSet], new: ReplicaSet) -> int:
    """The size to which the new ReplicaSet may be scaled up now."""
    if not is_rolling(deployment):
        return wanted(deployment)
    return size(new) + min(room(deployment, replica_sets), wanted(deployment) - size(new))


def active(replica_sets: Iterable[ReplicaSet]) -> list[ReplicaSet]:
    """The ReplicaSets that are not scaled to zero."""
    return [one for one in replica_sets if size(one) > 0]


def active_or_latest(new: ReplicaSet | None, old: Sequence[ReplicaSet]) -> ReplicaSet | None:
    """The only active ReplicaSet; if none is active the newest; None if several are, or there is none at all."""
    if new is None and not old:
        return None
    found = active([*old, *([new] if new is not None else [])])
    if len(found) > 1:
        return None
    if found:
        return found[0]
    return new if new is not None else max(old, key=by_creation)


def is_saturated(deployment: Deployment, found: ReplicaSet | None) -> bool:
    """Whether this ReplicaSet has all of the Deployment's replicas, and they are available."""
    if found is None:
        return False
    desired = number_in(found.metadata.annotations, DESIRED_REPLICAS)
    return size(found) == desired == found.status.available_replicas == wanted(deployment)


def proportional_sizes(deployment: Deployment, replica_sets: Iterable[ReplicaSet]) -> dict[str, int]:
    """The size of each active ReplicaSet, by name, after proportional scaling during a rollout.

    Each gets its share of the difference, and the largest also the remainder of rounding. It comes first, and must be
    written first: its annotation may be up to date already, and once the others' are, too, the sizes are not checked again.
    """
    found = active(replica_sets)
    allowed = wanted(deployment) + max_surge(deployment) if wanted(deployment) > 0 else 0
    missing = allowed - total_size(found)
    found.sort(key=by_creation, reverse=missing > 0)
    found.sort(key=size, reverse=True)  # among equals the newer one is scaled up first, the older one down
    sizes: dict[str, int] = {}
    added = 0
    for one in found:
        share = _share(deployment, one, missing, added)
        sizes[one.metadata.name] = size(one) + share
        added += share
    if found and missing:
        largest = found[0].metadata.name
        sizes[largest] = max(sizes[largest] + missing - added, 0)
    return sizes


def _share(deployment: Deployment, found: ReplicaSet, missing: int, added: int) -> int:
    if missing == added:
        return 0
    fraction = _fraction(deployment, found)
    return min(fraction, missing - added) if missing > 0 else max(fraction, missing - added)


def _fraction(deployment: Deployment, found: ReplicaSet) -> int:
    """The change that keeps the ReplicaSet's fraction of the whole."""
    if wanted(deployment) == 0:
        return -size(found)
    maximum = wanted(deployment) + max_surge(deployment)
    before = number_in(found.metadata.annotations, MAX_REPLICAS) or deployment.status.replicas
    if before == 0:
        return 0
    return floor(size(found) * maximum / before + 0.5) - size(found)
