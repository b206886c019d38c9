"""The objects that users create."""

from msgspec.structs import replace

from kubeactors.api.apps.v1 import (
    DaemonSet,
    DaemonSetSpec,
    Deployment,
    DeploymentSpec,
    DeploymentStrategy,
    RollingUpdateDeployment,
    StatefulSet,
    StatefulSetSpec,
)
from kubeactors.api.apps.v1.daemonset import DaemonSetUpdateStrategy, RollingUpdateDaemonSet
from kubeactors.api.batch.v1 import CronJob, CronJobSpec, Job, JobSpec, JobTemplateSpec
from kubeactors.api.core.v1 import (
    Container,
    HostPathVolumeSource,
    Node,
    NodeSpec,
    ObjectReference,
    PersistentVolumeClaim,
    Pod,
    PodSpec,
    PodTemplateSpec,
    Probe,
    ResourceRequirements,
    Service,
    ServicePort,
    ServiceSpec,
    Taint,
    TCPSocketAction,
    Toleration,
    claim_templates,
)
from kubeactors.api.core.v1.persistentvolume import PersistentVolume, PersistentVolumeSpec
from kubeactors.api.core.v1.volume import PersistentVolumeClaimSpec, VolumeResourceRequirements
from kubeactors.api.scheduling.v1 import PriorityClass
from kubeactors.api.storage.v1 import StorageClass
from kubeactors.apimachinery.meta import LabelSelector, ObjectMeta
from kubeactors.controllers.persistentvolume.provisioner import PROVISIONER
from kubeactors.kubelet.runtimes.behaviour import DOMAIN
from kubeactors.sim.room import VISITOR
from kubeactors.sim.workload import (
    AddPod,
    CreateCronJob,
    CreateDaemonSet,
    CreateDeployment,
    CreateJob,
    CreateStatefulSet,
    RecreatePod,
)

NAMESPACE = "default"
APP = "app"
HASH_LABEL = "pod-template-hash"
STORAGE = "simulated"
NOT_READY, UNREACHABLE = "node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"
MAINTENANCE = "sim.kubeactors/maintenance"
"""The key of the taint by which users drive pods off a node."""
CPU = "100m"
URGENT = PriorityClass(metadata=ObjectMeta(name="urgent"), value=1000)
FLAPPING = {f"{DOMAIN}readiness": "ok 5:fail 9:ok 12:fail 20:ok"}
PROBE = Probe(tcp_socket=TCPSocketAction(port=80), period_seconds=2, failure_threshold=2)
STOP_SECONDS = 5
TOLERATE_SECONDS = 15


def image_of(tag: str) -> str:
    """The full name of an image.

    >>> image_of("2")
    'registry.example/app:2'
    """
    return f"registry.example/app:{tag}"


def visitor(name: str) -> Node:
    """A node that is none of ours, in a zone of its own: what becomes of it says nothing about the others."""
    labels = {VISITOR: "", "topology.kubernetes.io/zone": VISITOR.rpartition("/")[2]}
    metadata = ObjectMeta(name=name, labels=labels, finalizers=(VISITOR,))
    return Node(metadata=metadata, spec=NodeSpec(taints=(Taint(key=VISITOR, effect="NoSchedule"),)))


def _labels(name: str) -> dict[str, str]:
    return {APP: name}


def _selector(name: str) -> LabelSelector:
    return LabelSelector(match_labels=_labels(name))


def _metadata(name: str) -> ObjectMeta:
    return ObjectMeta(name=name, namespace=NAMESPACE)


def pod_spec(
    image: str, tolerate_seconds: int = TOLERATE_SECONDS, cpu: str = CPU, *, probe: Probe | None = None
) -> PodSpec:
    """What pods run: one container, that stays on a bad node for so long, and is probed in all ways or none."""
    tolerations = tuple(
        Toleration(key=key, operator="Exists", effect="NoExecute", toleration_seconds=tolerate_seconds)
        for key in (NOT_READY, UNREACHABLE, MAINTENANCE)
    )
    container = Container(
        name="main",
        image=image_of(image),
        resources=ResourceRequirements(requests={"cpu": cpu}),
        startup_probe=probe,
        readiness_probe=probe,
        liveness_probe=probe,
    )
    return PodSpec(containers=(container,), tolerations=tolerations, termination_grace_period_seconds=STOP_SECONDS)


def _template(name: str, spec: PodSpec, annotations: dict[str, str] | None = None) -> PodTemplateSpec:
    return PodTemplateSpec(metadata=ObjectMeta(labels=_labels(name), annotations=annotations or {}), spec=spec)


def deployment_of(action: CreateDeployment) -> Deployment:
    """The deployment that the action creates."""
    rolling = RollingUpdateDeployment(max_unavailable=action.max_unavailable, max_surge=action.max_surge)
    strategy = DeploymentStrategy(
        type="Recreate" if action.recreate else "RollingUpdate", rolling_update=None if action.recreate else rolling
    )
    spec = DeploymentSpec(
        replicas=action.replicas,
        selector=_selector(action.name),
        template=_template(
            action.name,
            pod_spec(action.image, action.tolerate_seconds, action.cpu, probe=PROBE if action.probes else None),
            FLAPPING if action.flaps else None,
        ),
        strategy=strategy,
    )
    if action.urgent:
        pods = replace(spec.template.spec, priority_class_name=URGENT.metadata.name)
        spec = replace(spec, template=replace(spec.template, spec=pods))
    return Deployment(metadata=_metadata(action.name), spec=spec)


def stateful_set_of(action: CreateStatefulSet) -> StatefulSet:
    """The stateful set that the action creates."""
    spec = StatefulSetSpec(
        replicas=action.replicas,
        selector=_selector(action.name),
        service_name=action.name,
        template=_template(
            action.name, pod_spec(action.image, action.tolerate_seconds, probe=PROBE if action.probes else None)
        ),
        pod_management_policy="Parallel" if action.parallel else "OrderedReady",
        volume_claim_templates=(_claim(),) if action.claims else (),
    )
    return StatefulSet(metadata=_metadata(action.name), spec=spec)


def _claim() -> claim_templates.PersistentVolumeClaim:
    resources = VolumeResourceRequirements(requests={"storage": "1Gi"})
    spec = PersistentVolumeClaimSpec(
        access_modes=("ReadWriteOnce",), resources=resources, storage_class_name=STORAGE, volume_mode="Filesystem"
    )
    return claim_templates.PersistentVolumeClaim(metadata=ObjectMeta(name="data"), spec=spec)


def claim_of(name: str) -> PersistentVolumeClaim:
    """A claim that is served from no class: a volume is made for it by hand."""
    spec = replace(_claim().spec, storage_class_name="")
    return PersistentVolumeClaim(metadata=_metadata(name), spec=spec)


def volume_of(claim: PersistentVolumeClaim) -> PersistentVolume:
    """A volume that is reserved for the claim."""
    metadata, spec = claim.metadata, claim.spec
    reference = ObjectReference(
        api_version="v1",
        kind="PersistentVolumeClaim",
        namespace=metadata.namespace,
        name=metadata.name,
        uid=metadata.uid,
    )
    return PersistentVolume(
        metadata=ObjectMeta(name=f"for-{metadata.name}"),
        spec=PersistentVolumeSpec(
            capacity=spec.resources.requests,
            access_modes=spec.access_modes,
            claim_ref=reference,
            persistent_volume_reclaim_policy="Retain",
            host_path=HostPathVolumeSource(path=f"/data/{metadata.name}"),
        ),
    )


def storage_class() -> StorageClass:
    """Where the volumes of stateful sets come from."""
    return StorageClass(metadata=ObjectMeta(name=STORAGE), provisioner=PROVISIONER)


def daemon_set_of(action: CreateDaemonSet) -> DaemonSet:
    """The daemon set that the action creates."""
    spec = DaemonSetSpec(
        selector=_selector(action.name),
        template=_template(action.name, pod_spec(action.image)),
        update_strategy=DaemonSetUpdateStrategy(
            rolling_update=RollingUpdateDaemonSet(max_unavailable=action.max_unavailable)
        ),
    )
    return DaemonSet(metadata=_metadata(action.name), spec=spec)


def job_of(action: CreateJob) -> Job:
    """The job that the action creates."""
    base = pod_spec("1")
    container = replace(base.containers[0], command=("sh", "-c", f"exit {action.exit_code}"))
    spec = JobSpec(
        completions=action.completions,
        parallelism=action.parallelism,
        backoff_limit=action.backoff_limit,
        completion_mode="Indexed" if action.indexed else "NonIndexed",
        template=_template(action.name, replace(base, containers=(container,), restart_policy="Never")),
    )
    return Job(metadata=_metadata(action.name), spec=spec)


def cron_job_of(action: CreateCronJob) -> CronJob:
    """The cron job that the action creates."""
    annotations = {f"{DOMAIN}run-seconds": str(action.run_seconds)}
    template = _template(action.name, replace(pod_spec("1"), restart_policy="Never"), annotations)
    spec = CronJobSpec(
        schedule="* * * * *",
        concurrency_policy=action.concurrency,
        job_template=JobTemplateSpec(spec=JobSpec(template=template)),
    )
    return CronJob(metadata=_metadata(action.name), spec=spec)


def pod_of(action: AddPod | RecreatePod) -> Pod:
    """The pod that the action creates."""
    metadata = ObjectMeta(name=action.pod, namespace=NAMESPACE, labels=_labels(action.name))
    return Pod(metadata=metadata, spec=pod_spec("1"))


def service_of(name: str) -> Service:
    """The service in front of a workload."""
    spec = ServiceSpec(ports=(ServicePort(port=80),), selector=_labels(name))
    return Service(metadata=_metadata(name), spec=spec)


def with_image(template: PodTemplateSpec, tag: str) -> PodTemplateSpec:
    """The same pods with another image."""
    containers = tuple(replace(one, image=image_of(tag)) for one in template.spec.containers)
    return replace(template, spec=replace(template.spec, containers=containers))


def without_hash(template: PodTemplateSpec) -> PodTemplateSpec:
    """A ReplicaSet's template as its deployment had it."""
    labels = {key: value for key, value in template.metadata.labels.items() if key != HASH_LABEL}
    return replace(template, metadata=replace(template.metadata, labels=labels))
