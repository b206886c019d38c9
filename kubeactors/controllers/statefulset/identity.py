"""The identities of a StatefulSet's pods: names, ordinals, labels, volumes.

Source: pkg/controller/statefulset/stateful_set_utils.go (v1.36).
"""

import re

from msgspec.structs import replace

from kubeactors.api.apps.v1 import StatefulSet
from kubeactors.api.core.v1 import PersistentVolumeClaimVolumeSource, Pod, PodTemplateSpec, Volume
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.client import controller_reference
from kubeactors.controllers.history import REVISION_LABEL
from kubeactors.controllers.statefulset.claims import claim_name

POD_NAME = "statefulset.kubernetes.io/pod-name"
POD_INDEX = "apps.kubernetes.io/pod-index"

_MEMBER = re.compile(r"(.*)-([0-9]{1,10})")
_LARGEST = 2**31 - 1


def ordinal_in(name: str, pod: str) -> int | None:
    """The ordinal in the name of a pod of this set; None if it is not such a name.

    >>> ordinal_in("web", "web-3"), ordinal_in("web", "web-x"), ordinal_in("web", "db-3"), ordinal_in("web", "web-03")
    (3, None, None, 3)
    """
    match = _MEMBER.fullmatch(pod)
    if match is None or match[1] != name or int(match[2]) > _LARGEST:
        return None
    return int(match[2])


def ordinal_of(found: StatefulSet, pod: Pod) -> int | None:
    """The pod's ordinal in the set; None if it has none."""
    return ordinal_in(found.metadata.name, pod.metadata.name)


def start_of(found: StatefulSet) -> int:
    """The first ordinal."""
    return found.spec.ordinals.start if found.spec.ordinals is not None else 0


def wanted(found: StatefulSet) -> int:
    """The desired number of pods."""
    return 1 if found.spec.replicas is None else found.spec.replicas


def is_in_range(found: StatefulSet, ordinal: int) -> bool:
    """Whether the set should have a pod of this ordinal."""
    return start_of(found) <= ordinal < start_of(found) + wanted(found)


def revision_of_pod(pod: Pod) -> str:
    """The name of the revision that the pod was created from."""
    return pod.metadata.labels.get(REVISION_LABEL, "")


def pod_of(found: StatefulSet, template: PodTemplateSpec, ordinal: int, revision: str) -> Pod:
    """A new pod of this ordinal from a revision's template."""
    name = f"{found.metadata.name}-{ordinal}"
    metadata, spec = template.metadata, template.spec
    labels = {**metadata.labels, POD_NAME: name, POD_INDEX: str(ordinal), REVISION_LABEL: revision}
    return Pod(
        metadata=ObjectMeta(
            name=name,
            generate_name=f"{found.metadata.name}-",
            namespace=found.metadata.namespace,
            labels=labels,
            annotations=metadata.annotations,
            finalizers=metadata.finalizers,
            owner_references=(controller_reference(found),),
        ),
        spec=replace(
            spec,
            hostname=name,
            subdomain=found.spec.service_name,
            volumes=_volumes(found, spec.volumes, ordinal),
        ),
    )


def with_identity(found: StatefulSet, pod: Pod) -> Pod:
    """The pod with the labels of its identity; the same object if it has them."""
    labels = pod.metadata.labels
    wanted_labels = {**labels, POD_NAME: pod.metadata.name, POD_INDEX: str(ordinal_of(found, pod))}
    if wanted_labels == labels:
        return pod
    return replace(pod, metadata=replace(pod.metadata, labels=wanted_labels))


def _volumes(found: StatefulSet, volumes: tuple[Volume, ...], ordinal: int) -> tuple[Volume, ...]:
    """The volumes of the claims, then those of the template, without those of the same name."""
    own = {
        template.metadata.name: Volume(
            name=template.metadata.name,
            persistent_volume_claim=PersistentVolumeClaimVolumeSource(claim_name=claim_name(found, template, ordinal)),
        )
        for template in found.spec.volume_claim_templates
    }
    return (*own.values(), *[one for one in volumes if one.name not in own]) if own else volumes
