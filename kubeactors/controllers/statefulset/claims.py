"""The PersistentVolumeClaims of a StatefulSet's pods, and their retention.

Source: getPersistentVolumeClaims, updateClaimOwnerRefForSetAndPod, hasStaleOwnerRef in
pkg/controller/statefulset/stateful_set_utils.go (v1.36).
"""

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from kubeactors.api.apps.v1 import StatefulSet
from kubeactors.api.apps.v1.statefulset import DELETE
from kubeactors.api.core.v1 import PersistentVolumeClaim, Pod
from kubeactors.apimachinery.meta import OwnerReference
from kubeactors.client import controller_reference


def claim_name(found: StatefulSet, template: PersistentVolumeClaim, ordinal: int) -> str:
    """The name of a pod's claim from a template, such as `data-web-0`."""
    return f"{template.metadata.name}-{found.metadata.name}-{ordinal}"


def claim_names(found: StatefulSet, ordinal: int) -> Iterator[str]:
    """The names of a pod's claims."""
    return (claim_name(found, template, ordinal) for template in found.spec.volume_claim_templates)


def pods_of_claim(claim: str) -> Iterator[str]:
    """The possible names of the pod that a claim of this name belongs to.

    >>> list(pods_of_claim("data-my-web-0"))
    ['my-web-0', 'web-0']
    """
    words = claim.split("-")
    return ("-".join(words[first:]) for first in range(1, len(words) - 1))


def relevant_claims(found: StatefulSet, pods: Iterable[Pod]) -> Iterator[str]:
    """The names of the claims of all desired and all existing pods."""
    first = found.spec.ordinals.start if found.spec.ordinals is not None else 0
    for ordinal in range(first, first + (found.spec.replicas or 0)):
        yield from claim_names(found, ordinal)
    for pod in pods:
        ordinal_text = pod.metadata.name.rpartition("-")[2]
        if ordinal_text.isdecimal():
            yield from claim_names(found, int(ordinal_text))


def claims_of(found: StatefulSet, ordinal: int) -> list[PersistentVolumeClaim]:
    """The claims of a pod, as they are created."""
    selector = found.spec.selector
    matched = selector.match_labels if selector is not None else {}
    return [
        PersistentVolumeClaim(
            metadata=replace(
                template.metadata,
                name=claim_name(found, template, ordinal),
                namespace=found.metadata.namespace,
                labels={**template.metadata.labels, **matched},
                owner_references=owners(found, None, template.metadata.owner_references),
            ),
            spec=template.spec,
        )
        for template in found.spec.volume_claim_templates
    ]


def owners(
    found: StatefulSet, condemned: Pod | None, references: Iterable[OwnerReference]
) -> tuple[OwnerReference, ...]:
    """The owner references of a claim by the retention policy: to the set, to the pod, or to neither.

    The garbage collector deletes the claim with its owner. `condemned` is the claim's pod, if the set is scaled below
    it.
    """
    policy = found.spec.persistent_volume_claim_retention_policy
    others = tuple(one for one in references if not _is_own(found, one))
    if policy is None:
        return others
    if condemned is not None and policy.when_scaled == DELETE:
        return (*others, controller_reference(condemned))
    if policy.when_deleted == DELETE:
        return (*others, controller_reference(found))
    return others


def with_owners(found: StatefulSet, condemned: Pod | None, claim: PersistentVolumeClaim) -> PersistentVolumeClaim:
    """The claim with the owner references that it should have; the same object if it has them."""
    references = claim.metadata.owner_references
    wanted = owners(found, condemned, references)
    if sorted(one.uid for one in wanted) == sorted(one.uid for one in references):
        return claim
    return replace(claim, metadata=replace(claim.metadata, owner_references=wanted))


def is_stale(claim: PersistentVolumeClaim, pod: str, uid: str = "") -> bool:
    """Whether the claim is owned by an earlier pod of this name, and will be deleted with it.

    A pod that is created now must not use storage that is about to be deleted.
    """
    references = claim.metadata.owner_references
    return any(one.kind == "Pod" and one.name == pod and one.uid != uid for one in references)


def _is_own(found: StatefulSet, reference: OwnerReference) -> bool:
    """Whether this controller sets the reference: it names the set, or one of its pods."""
    if reference.kind == "StatefulSet":
        return reference.name == found.metadata.name
    name, _, ordinal = reference.name.rpartition("-")
    return reference.kind == "Pod" and name == found.metadata.name and ordinal.isdecimal()
