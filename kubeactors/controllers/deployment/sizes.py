"""How many replicas each ReplicaSet of a deployment may have.

Source: pkg/controller/deployment/util/deployment_util.go (v1.36).
"""

from collections.abc import Iterable, Sequence
from math import floor

from kubeactors.api.apps.v1 import Deployment, ReplicaSet
from kubeactors.apimachinery.meta import IntOrString
from kubeactors.controllers.deployment.revisions import DESIRED_REPLICAS, MAX_REPLICAS, by_creation, number_in

ROLLING_UPDATE, RECREATE = "RollingUpdate", "Recreate"


def scaled(value: IntOrString | None, total: int, *, up: bool) -> int:
    """A number, or a percentage of a total rounded up or down.

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
    """How many pods may be surplus, and how many missing. Not both 0, or nothing could ever move."""
    rolling, total = deployment.spec.strategy.rolling_update, wanted(deployment)
    if rolling is None:
        return 0, 0
    surge = scaled(rolling.max_surge, total, up=True)
    unavailable = scaled(rolling.max_unavailable, total, up=False)
    return surge, unavailable if surge or unavailable else 1


def wanted(deployment: Deployment) -> int:
    """The replicas that the deployment wants."""
    return 1 if deployment.spec.replicas is None else deployment.spec.replicas


def size(found: ReplicaSet) -> int:
    """The replicas that a ReplicaSet wants."""
    return 1 if found.spec.replicas is None else found.spec.replicas


def total_size(replica_sets: Iterable[ReplicaSet]) -> int:
    """The replicas that these want together."""
    return sum(map(size, replica_sets))


def is_rolling(deployment: Deployment) -> bool:
    """Whether old pods are replaced little by little."""
    return deployment.spec.strategy.type == ROLLING_UPDATE


def max_surge(deployment: Deployment) -> int:
    """How many pods there may be beyond those wanted."""
    return fenceposts(deployment)[0] if is_rolling(deployment) else 0


def max_unavailable(deployment: Deployment) -> int:
    """How many of the wanted pods may be unavailable."""
    if not is_rolling(deployment) or wanted(deployment) == 0:
        return 0
    return min(fenceposts(deployment)[1], wanted(deployment))


def room(deployment: Deployment, replica_sets: Iterable[ReplicaSet]) -> int:
    """How many pods may be added now, if the deployment rolls.

    A ReplicaSet counts as large as it wants to be or still is, whichever is more, and nothing is added before all have
    seen what they were told last. Kubernetes counts only what they want, and has more pods than the surge allows until
    the old ones are deleted.
    """
    found = tuple(replica_sets)
    if any(one.metadata.generation > one.status.observed_generation for one in found):
        return 0
    current = sum(max(size(one), one.status.replicas) for one in found)
    return max(wanted(deployment) + max_surge(deployment) - current, 0)


def new_size(deployment: Deployment, replica_sets: Iterable[ReplicaSet], new: ReplicaSet) -> int:
    """How far the new ReplicaSet may be scaled up now."""
    if not is_rolling(deployment):
        return wanted(deployment)
    return size(new) + min(room(deployment, replica_sets), wanted(deployment) - size(new))


def active(replica_sets: Iterable[ReplicaSet]) -> list[ReplicaSet]:
    """Those that want any replicas."""
    return [one for one in replica_sets if size(one) > 0]


def active_or_latest(new: ReplicaSet | None, old: Sequence[ReplicaSet]) -> ReplicaSet | None:
    """The only active one, or if there is none the newest; None if several are active."""
    if new is None and not old:
        return None
    found = active([*old, *([new] if new is not None else [])])
    if len(found) > 1:
        return None
    if found:
        return found[0]
    return new if new is not None else max(old, key=by_creation)


def is_saturated(deployment: Deployment, found: ReplicaSet | None) -> bool:
    """Whether this one has all the pods that the deployment wants, and they are available."""
    if found is None:
        return False
    desired = number_in(found.metadata.annotations, DESIRED_REPLICAS)
    return size(found) == desired == found.status.available_replicas == wanted(deployment)


def proportional_sizes(deployment: Deployment, replica_sets: Iterable[ReplicaSet]) -> dict[str, int]:
    """How large each active ReplicaSet becomes when the deployment is scaled in the midst of a rollout, by name.

    Each gets its share of what is added or removed; what is left over goes to the largest, which is the first to be told:
    it may count as done already, and once the others do, too, nobody looks at the parts any more.
    """
    found = active(replica_sets)
    allowed = wanted(deployment) + max_surge(deployment) if wanted(deployment) > 0 else 0
    missing = allowed - total_size(found)
    found.sort(key=by_creation, reverse=missing > 0)
    found.sort(key=size, reverse=True)  # of two of the same size the newer grows first, the older shrinks first
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
    """By how much this one changes if its part of the whole stays the same."""
    if wanted(deployment) == 0:
        return -size(found)
    maximum = wanted(deployment) + max_surge(deployment)
    before = number_in(found.metadata.annotations, MAX_REPLICAS) or deployment.status.replicas
    if before == 0:
        return 0
    return floor(size(found) * maximum / before + 0.5) - size(found)
