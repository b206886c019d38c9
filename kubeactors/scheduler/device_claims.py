"""The ResourceClaims of a pod.

Source: k8s.io/dynamic-resource-allocation/resourceclaim/claim.go (v1.36).
"""

from collections.abc import Callable

from kubeactors.api.core.v1 import Pod
from kubeactors.api.core.v1.podspec import PodResourceClaim
from kubeactors.api.resource.v1 import ResourceClaim
from kubeactors.api.resource.v1.resourceclaim import ResourceClaimConsumerReference
from kubeactors.client import is_controlled_by

MOST_USERS = 256
"""Source: api/resource/v1/types.go, ResourceClaimReservedForMaxSize (v1.36)."""


class ClaimProblem(Exception):
    """The pod is unschedulable until something about its claims changes."""


def claims_of(pod: Pod, find: Callable[[str], ResourceClaim | None]) -> tuple[ResourceClaim, ...]:
    """The claims of the pod, looked up by name.

    Raises:
        ClaimProblem: one does not exist, is terminating, or belongs to another pod.
    """
    names = ((one, name_of(pod, one)) for one in pod.spec.resource_claims)
    return tuple(_claim(pod, one, name, find) for one, name in names if name is not None)


def name_of(pod: Pod, one: PodResourceClaim) -> str | None:
    """The name of a claim; None if the pod turned out not to need one.

    Raises:
        ClaimProblem: it has not been created yet.
    """
    if one.resource_claim_name is not None:
        return one.resource_claim_name
    for status in pod.status.resource_claim_statuses:
        if status.name == one.name:
            return status.resource_claim_name
    raise ClaimProblem(f'pod "{pod.metadata.namespace}/{pod.metadata.name}": ResourceClaim not created yet')


def is_user(claim: ResourceClaim, pod_uid: str) -> bool:
    """Whether the claim is reserved for the pod.

    >>> is_user(ResourceClaim(), "1")
    False
    """
    return any(one.uid == pod_uid for one in claim.status.reserved_for)


def can_have_more_users(claim: ResourceClaim) -> bool:
    """Whether the claim can be reserved for another pod.

    >>> can_have_more_users(ResourceClaim())
    True
    """
    return len(claim.status.reserved_for) < MOST_USERS


def user(pod: Pod) -> ResourceClaimConsumerReference:
    """The pod as a consumer of a claim."""
    return ResourceClaimConsumerReference(resource="pods", name=pod.metadata.name, uid=pod.metadata.uid)


def _claim(pod: Pod, one: PodResourceClaim, name: str, find: Callable[[str], ResourceClaim | None]) -> ResourceClaim:
    found = find(name)
    if found is None:
        raise ClaimProblem(f'resourceclaim.resource.k8s.io "{name}" not found')
    if found.metadata.deletion_timestamp is not None:
        raise ClaimProblem(f'resourceclaim "{name}" is being deleted')
    if one.resource_claim_name is None and not is_controlled_by(found.metadata, pod.metadata.uid):
        namespace = pod.metadata.namespace
        raise ClaimProblem(
            f"ResourceClaim {namespace}/{name} was not created for Pod {namespace}/{pod.metadata.name} (Pod is not owner)"
        )
    return found
