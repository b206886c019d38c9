"""Nodes and pods of the workloads.

Source: test/integration/scheduler_perf/templates (v1.36).
"""

from msgspec.structs import replace

from kubeactors.api.core.v1 import (
    Affinity,
    Container,
    ContainerPort,
    Node,
    NodeAffinity,
    NodeSelector,
    NodeSelectorRequirement,
    NodeSelectorTerm,
    NodeStatus,
    Pod,
    PodAffinity,
    PodAffinityTerm,
    PodAntiAffinity,
    PodSchedulingGate,
    PodSpec,
    ResourceRequirements,
    Taint,
    TopologySpreadConstraint,
    WeightedPodAffinityTerm,
)
from kubeactors.api.core.v1.persistentvolume import PersistentVolume, PersistentVolumeSpec
from kubeactors.api.core.v1.persistentvolumeclaim import PersistentVolumeClaim
from kubeactors.api.core.v1.podspec import PodResourceClaim
from kubeactors.api.core.v1.references import ObjectReference
from kubeactors.api.core.v1.volume import (
    PersistentVolumeClaimSpec,
    PersistentVolumeClaimVolumeSource,
    SecretVolumeSource,
    Volume,
    VolumeResourceRequirements,
)
from kubeactors.api.core.v1.volume_drivers import AWSElasticBlockStoreVolumeSource
from kubeactors.api.core.v1.volume_sources import CSIPersistentVolumeSource
from kubeactors.api.resource.v1 import DeviceClass, ResourceClaim, ResourceClaimTemplate, ResourceSlice
from kubeactors.api.resource.v1.deviceclass import DeviceClassSpec
from kubeactors.api.resource.v1.devices import CELDeviceSelector, DeviceSelector
from kubeactors.api.resource.v1.request import DeviceClaim, DeviceRequest, ExactDeviceRequest, ResourceClaimSpec
from kubeactors.api.resource.v1.resourceclaim import (
    AllocationResult,
    DeviceAllocationResult,
    DeviceRequestAllocationResult,
    ResourceClaimTemplateSpec,
)
from kubeactors.api.resource.v1.resourceslice import Device, ResourcePool, ResourceSliceSpec
from kubeactors.api.storage.v1 import CSINode
from kubeactors.api.storage.v1.csinode import CSINodeDriver, CSINodeSpec, VolumeNodeResources
from kubeactors.apimachinery.meta import LabelSelector, ObjectMeta

HOSTNAME, ZONE = "kubernetes.io/hostname", "topology.kubernetes.io/zone"
NAMED = "scheduler-perf-node"
DEVICE = "foo.com/bar"
DRIVER = "ebs.csi.aws.com"
DEVICE_DRIVER = "test-driver.cdi.k8s.io"
CLAIM_TEMPLATE = "test-claim-template"
FINALIZER = "scheduler-perf/finalizer"

_PLACES = ("sched-0", "sched-1")
_TEAM = {"team": "devops"}


def node(
    name: str, *, zone: str = "", large: bool = False, taints: tuple[Taint, ...] = (), devices: bool = False
) -> Node:
    """A node of 4 CPUs; a large one takes all pods of a workload."""
    capacity = {"cpu": "4", "memory": "32Gi", "pods": "110"} | ({DEVICE: "10"} if devices else {})
    if large:
        capacity = {"cpu": "300", "memory": "1000Gi", "pods": "90000"}
    labels = {HOSTNAME: name} | ({ZONE: zone} if zone else {})
    return Node(
        metadata=ObjectMeta(name=name, labels=labels),
        spec=replace(Node().spec, taints=taints),
        status=NodeStatus(capacity=capacity, allocatable=capacity),
    )


def csi_node(name: str, volumes: int) -> CSINode:
    """How many volumes the node takes."""
    driver = CSINodeDriver(name=DRIVER, node_id=name, allocatable=VolumeNodeResources(count=volumes))
    return CSINode(metadata=ObjectMeta(name=name), spec=CSINodeSpec(drivers=(driver,)))


def device_class() -> DeviceClass:
    """Any device of the driver."""
    expression = CELDeviceSelector(expression=f'device.driver == "{DEVICE_DRIVER}"')
    spec = DeviceClassSpec(selectors=(DeviceSelector(cel=expression),))
    return DeviceClass(metadata=ObjectMeta(name="test-class"), spec=spec)


def devices_of(node_name: str, count: int) -> ResourceSlice:
    """The devices of a node."""
    pool = ResourcePool(name=node_name, generation=1, resource_slice_count=1)
    devices = tuple(Device(name=f"device-{number}") for number in range(count))
    spec = ResourceSliceSpec(driver=DEVICE_DRIVER, pool=pool, node_name=node_name, devices=devices)
    return ResourceSlice(metadata=ObjectMeta(name=node_name), spec=spec)


def _one_device() -> ResourceClaimSpec:
    exactly = ExactDeviceRequest(device_class_name="test-class")
    return ResourceClaimSpec(devices=DeviceClaim(requests=(DeviceRequest(name="req-0", exactly=exactly),)))


def claim_template(namespace: str) -> ResourceClaimTemplate:
    """A claim of one device."""
    spec = ResourceClaimTemplateSpec(spec=_one_device())
    return ResourceClaimTemplate(metadata=ObjectMeta(name=CLAIM_TEMPLATE, namespace=namespace), spec=spec)


def resource_claim(name: str) -> ResourceClaim:
    """A claim of one device that no pod uses."""
    return ResourceClaim(metadata=ObjectMeta(name=name, namespace="default"), spec=_one_device())


def given(claim: ResourceClaim, node_name: str, number: int) -> ResourceClaim:
    """The claim with a device of the node."""
    result = DeviceRequestAllocationResult(
        request="req-0", driver=DEVICE_DRIVER, pool=node_name, device=f"device-{number}"
    )
    here = NodeSelectorRequirement(key="metadata.name", operator="In", values=(node_name,))
    selector = NodeSelector(node_selector_terms=(NodeSelectorTerm(match_fields=(here,)),))
    allocation = AllocationResult(devices=DeviceAllocationResult(results=(result,)), node_selector=selector)
    return replace(claim, status=replace(claim.status, allocation=allocation))


def _pod(cpu: str = "100m", memory: str = "500Mi", **labels: str) -> Pod:
    requests = {"cpu": cpu, "memory": memory} if cpu else {}
    container = Container(
        name="pause", image="registry.k8s.io/pause:3.10.1", resources=ResourceRequirements(requests=requests)
    )
    return Pod(metadata=ObjectMeta(labels=labels), spec=PodSpec(containers=(container,)))


def _asking(requests: dict[str, str]) -> Pod:
    """Requests that are limits too."""
    resources = ResourceRequirements(requests=requests, limits=requests)
    container = Container(name="pause", image="registry.k8s.io/pause:3.10.1", resources=resources)
    return Pod(spec=PodSpec(containers=(container,)))


def _on_port() -> Pod:
    """Takes a port of its node."""
    ports = (ContainerPort(container_port=80, host_port=8080),)
    container = Container(name="pause", image="registry.k8s.io/pause:3.10.1", ports=ports)
    return Pod(spec=PodSpec(containers=(container,)))


def claim(name: str, namespace: str) -> PersistentVolumeClaim:
    """A claim that is bound already, as upstream's tests make it."""
    spec = PersistentVolumeClaimSpec(
        access_modes=("ReadOnlyMany",),
        volume_name=f"pv-{namespace}-{name}",
        resources=VolumeResourceRequirements(requests={"storage": "1Gi"}),
    )
    annotations = {"pv.kubernetes.io/bind-completed": "true"}
    return PersistentVolumeClaim(
        metadata=ObjectMeta(name=name, namespace=namespace, annotations=annotations), spec=spec
    )


def volume(name: str, namespace: str, kind: str) -> PersistentVolume:
    """The volume of that claim."""
    spec = PersistentVolumeSpec(
        access_modes=("ReadOnlyMany",),
        capacity={"storage": "1Gi"},
        persistent_volume_reclaim_policy="Retain",
        claim_ref=ObjectReference(kind="PersistentVolumeClaim", namespace=namespace, name=name),
        csi=CSIPersistentVolumeSource(driver=DRIVER, volume_handle=name) if kind == "csi" else None,
        aws_elastic_block_store=AWSElasticBlockStoreVolumeSource(volume_id=name) if kind == "aws" else None,
    )
    return PersistentVolume(metadata=ObjectMeta(name=f"pv-{namespace}-{name}"), spec=spec)


def with_claim(pod: Pod, name: str) -> Pod:
    """The pod with its claim."""
    source = PersistentVolumeClaimVolumeSource(claim_name=name)
    return _with(pod, volumes=(*pod.spec.volumes, Volume(name="vol", persistent_volume_claim=source)))


def _with(pod: Pod, **spec: object) -> Pod:
    return replace(pod, spec=replace(pod.spec, **spec))


def _term(key: str, label: str, *, everywhere: bool = False) -> PodAffinityTerm:
    return PodAffinityTerm(
        label_selector=LabelSelector(match_labels={"color": label}),
        topology_key=key,
        namespaces=() if everywhere else _PLACES,
        namespace_selector=LabelSelector(match_labels=_TEAM) if everywhere else None,
    )


def _near(term: PodAffinityTerm) -> Affinity:
    return Affinity(pod_affinity=PodAffinity(required_during_scheduling_ignored_during_execution=(term,)))


def _away(term: PodAffinityTerm) -> Affinity:
    return Affinity(pod_anti_affinity=PodAntiAffinity(required_during_scheduling_ignored_during_execution=(term,)))


def _rather_near(term: PodAffinityTerm) -> Affinity:
    weighted = (WeightedPodAffinityTerm(weight=1, pod_affinity_term=term),)
    return Affinity(pod_affinity=PodAffinity(preferred_during_scheduling_ignored_during_execution=weighted))


def _rather_away(term: PodAffinityTerm) -> Affinity:
    weighted = (WeightedPodAffinityTerm(weight=1, pod_affinity_term=term),)
    return Affinity(pod_anti_affinity=PodAntiAffinity(preferred_during_scheduling_ignored_during_execution=weighted))


def _on(term: NodeSelectorTerm) -> Affinity:
    selector = NodeSelector(node_selector_terms=(term,))
    return Affinity(node_affinity=NodeAffinity(required_during_scheduling_ignored_during_execution=selector))


def _spread(when: str, skew: int = 5, key: str = ZONE, **more: object) -> tuple[TopologySpreadConstraint, ...]:
    one = TopologySpreadConstraint(
        max_skew=skew,
        topology_key=key,
        when_unsatisfiable=when,
        label_selector=LabelSelector(match_labels={"color": "blue"}),
    )
    return (replace(one, **more),)


_IN_ZONES = NodeSelectorTerm(
    match_expressions=(NodeSelectorRequirement(key=ZONE, operator="In", values=("zone1", "zone2")),)
)
_BY_NAME = NodeSelectorTerm(
    match_fields=(NodeSelectorRequirement(key="metadata.name", operator="In", values=(NAMED,)),)
)

DEFAULT = _pod()
LIGHT = _pod(cpu="1m", memory="1Mi")
LOW_PRIORITY = _with(_pod(cpu="900m"), termination_grace_period_seconds=0)
HIGH_PRIORITY = _with(_pod(cpu="3000m"), priority_class_name="high")
HIGH_PRIORITY_LARGE = _with(_pod(cpu="9000m"), priority_class_name="high")
DAEMON = _with(_pod(cpu=""), affinity=_on(_BY_NAME))
GATED = _with(LIGHT, scheduling_gates=(PodSchedulingGate(name="test.k8s.io/hold"),))
LABELLED = _pod(cpu="1m", memory="1Mi", color="blue")
GATED_AFFINITY = _with(GATED, affinity=_near(_term(HOSTNAME, "blue", everywhere=True)))
NODE_AFFINITY = _with(_pod(), affinity=_on(_IN_ZONES))
AFFINITY = _with(_pod(color="blue"), affinity=_near(_term(ZONE, "blue")))
ANTI_AFFINITY = _with(_pod(color="green"), affinity=_away(_term(HOSTNAME, "green")))
MATCHING_ANTI_AFFINITY = _pod(color="green", name="test")
PREFERRED_AFFINITY = _with(_pod(color="red"), affinity=_rather_near(_term(HOSTNAME, "red")))
PREFERRED_ANTI_AFFINITY = _with(_pod(color="yellow"), affinity=_rather_away(_term(HOSTNAME, "yellow")))
NS_ANTI_AFFINITY = _with(_pod(color="green"), affinity=_away(_term(HOSTNAME, "green", everywhere=True)))
NS_PREFERRED_ANTI_AFFINITY = _with(
    _pod(color="green"), affinity=_rather_away(_term(HOSTNAME, "green", everywhere=True))
)
NS_AFFINITY = _with(_pod(color="green"), affinity=_near(_term(ZONE, "green", everywhere=True)))
NS_PREFERRED_AFFINITY = _with(_pod(color="green"), affinity=_rather_near(_term(HOSTNAME, "green", everywhere=True)))
SPREAD = _with(_pod(color="blue"), topology_spread_constraints=_spread("DoNotSchedule"))
PREFERRED_SPREAD = _with(_pod(color="blue"), topology_spread_constraints=_spread("ScheduleAnyway"))
INCLUSION_POLICY = _with(
    _pod(color="blue"), topology_spread_constraints=_spread("DoNotSchedule", 1, HOSTNAME, node_taints_policy="Honor")
)
WITH_FINALIZER = replace(LIGHT, metadata=ObjectMeta(finalizers=(FINALIZER,)))
EXTENDED = _asking({DEVICE: "1", "cpu": "100m", "memory": "500Mi"})
CLAIMING = _with(
    _pod(), resource_claims=(PodResourceClaim(name="resource", resource_claim_template_name=CLAIM_TEMPLATE),)
)
WITH_SECRET = _with(_pod(), volumes=(Volume(name="secret", secret=SecretVolumeSource(secret_name="secret")),))
RESOURCE_BLOCKER = _with(_pod(cpu="400m", memory="100Mi"), termination_grace_period_seconds=0)
RESOURCE_BLOCKED = _pod(cpu="400m", memory="100Mi")
PORT_BLOCKER = _with(_on_port(), termination_grace_period_seconds=0)
PORT_BLOCKED = _on_port()
AFFINITY_BLOCKER = _with(_pod(color="blocker"), affinity=_away(_term(HOSTNAME, "blocker", everywhere=True)))
AFFINITY_BLOCKED = _with(_pod(color="blocked"), affinity=_away(_term(HOSTNAME, "blocker", everywhere=True)))
SELECTED = _pod(color="blue")
"""A Service of its namespace selects it."""
