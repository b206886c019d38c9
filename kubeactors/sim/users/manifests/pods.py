"""Pods, and the pod templates of workloads."""

from msgspec.structs import replace

from kubeactors.api.core.v1 import (
    Container,
    ContainerPort,
    EphemeralVolumeSource,
    PersistentVolumeClaimTemplate,
    Pod,
    PodSpec,
    PodTemplateSpec,
    ResourceRequirements,
    Toleration,
    Volume,
)
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.kubelet.runtimes.behaviour import DOMAIN
from kubeactors.sim.users.manifests.names import NAMESPACE, labels_of
from kubeactors.sim.users.manifests.nodes import MAINTENANCE, NOT_READY, UNREACHABLE
from kubeactors.sim.users.manifests.probing import Probed, probed
from kubeactors.sim.users.manifests.traits import with_trait
from kubeactors.sim.users.manifests.volumes import claim_template
from kubeactors.sim.workload import SLOW_IMAGE, CreatePod, RecreatePod, Trait

OWN_POD = "own"
"""The name prefix of static pods, and their label."""
HASH_LABEL = "pod-template-hash"
SCRATCH = "scratch"
CPU = "100m"
HTTP = "http"
"""The name of the port that pods listen on."""
SLOW = {f"{DOMAIN}start-seconds": "25"}
STOP_SECONDS = 5
TOLERATE_SECONDS = 15


def image_of(tag: str) -> str:
    """The full name of an image.

    >>> image_of("2")
    'registry.example/app:2'
    """
    return f"registry.example/app:{tag}"


def _ports(tag: str) -> tuple[ContainerPort, ...]:
    """The port of a container: its number differs by image."""
    return (ContainerPort(name=HTTP, container_port=8000 + ord(tag[-1])),)


def pod_spec(image: str, tolerate_seconds: int = TOLERATE_SECONDS, cpu: str = CPU) -> PodSpec:
    """A pod spec with one container, which tolerates a bad node for so long."""
    tolerations = tuple(
        Toleration(key=key, operator="Exists", effect="NoExecute", toleration_seconds=tolerate_seconds)
        for key in (NOT_READY, UNREACHABLE, MAINTENANCE)
    )
    container = Container(
        name="main",
        image=image_of(image),
        ports=_ports(image),
        resources=ResourceRequirements(requests={"cpu": cpu} if cpu else {}),
    )
    return PodSpec(containers=(container,), tolerations=tolerations, termination_grace_period_seconds=STOP_SECONDS)


def own_pod(number: int) -> Pod:
    """A static pod, whose manifest is on each node."""
    name = f"{OWN_POD}-{number}"
    return Pod(
        metadata=ObjectMeta(name=name, namespace=NAMESPACE, labels=labels_of(OWN_POD)), spec=pod_spec("1", cpu="")
    )


def probed_pods(action: Probed, cpu: str = CPU) -> PodSpec:
    """The pod spec of an action, with its probes."""
    plain = pod_spec(action.image, action.tolerate_seconds, cpu)
    return replace(plain, containers=tuple(probed(one, action) for one in plain.containers))


def template_of(
    name: str, spec: PodSpec, annotations: dict[str, str] | None = None, *, trait: Trait = ""
) -> PodTemplateSpec:
    """The pod template of a workload."""
    labels = labels_of(name)
    metadata = ObjectMeta(labels=labels, annotations=annotations or {})
    return PodTemplateSpec(metadata=metadata, spec=with_trait(spec, trait, labels))


def pod_of(action: CreatePod | RecreatePod) -> Pod:
    """The pod that the action creates."""
    metadata = ObjectMeta(name=action.pod, namespace=NAMESPACE, labels=labels_of(action.name))
    spec = pod_spec("1")
    if isinstance(action, CreatePod) and action.scratch:
        template = PersistentVolumeClaimTemplate(spec=claim_template().spec)
        volume = Volume(name=SCRATCH, ephemeral=EphemeralVolumeSource(volume_claim_template=template))
        spec = replace(spec, volumes=(volume,))
    return Pod(metadata=metadata, spec=spec)


def with_image(template: PodTemplateSpec, tag: str) -> PodTemplateSpec:
    """The same template with another image; containers of the slow image start slowly."""
    containers = tuple(replace(one, image=image_of(tag), ports=_ports(tag)) for one in template.spec.containers)
    annotations = {key: value for key, value in template.metadata.annotations.items() if key not in SLOW}
    metadata = replace(template.metadata, annotations=annotations | (SLOW if tag == SLOW_IMAGE else {}))
    return replace(template, metadata=metadata, spec=replace(template.spec, containers=containers))


def without_hash(template: PodTemplateSpec) -> PodTemplateSpec:
    """A ReplicaSet's template as its Deployment had it."""
    labels = {key: value for key, value in template.metadata.labels.items() if key != HASH_LABEL}
    return replace(template, metadata=replace(template.metadata, labels=labels))
