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
from kubeactors.api.apps.v1.statefulset import (
    RollingUpdateStatefulSetStrategy,
    StatefulSetOrdinals,
    StatefulSetPersistentVolumeClaimRetentionPolicy,
    StatefulSetUpdateStrategy,
)
from kubeactors.api.autoscaling.v2 import (
    CrossVersionObjectReference,
    HorizontalPodAutoscaler,
    HorizontalPodAutoscalerBehavior,
    HorizontalPodAutoscalerSpec,
    HPAScalingPolicy,
    HPAScalingRules,
    MetricSpec,
    MetricTarget,
    ResourceMetricSource,
)
from kubeactors.api.batch.v1 import CronJob, CronJobSpec, Job, JobSpec, JobTemplateSpec
from kubeactors.api.batch.v1.job import (
    PodFailurePolicy,
    PodFailurePolicyOnExitCodesRequirement,
    PodFailurePolicyOnPodConditionsPattern,
    PodFailurePolicyRule,
    SuccessPolicy,
    SuccessPolicyRule,
)
from kubeactors.api.core.v1 import (
    Container,
    ContainerPort,
    EndpointAddress,
    EndpointPort,
    Endpoints,
    EndpointSubset,
    EphemeralVolumeSource,
    HostPathVolumeSource,
    Node,
    NodeSpec,
    ObjectReference,
    PersistentVolumeClaim,
    PersistentVolumeClaimTemplate,
    Pod,
    PodSpec,
    PodTemplateSpec,
    ReplicationController,
    ReplicationControllerSpec,
    ResourceRequirements,
    Service,
    ServicePort,
    ServiceSpec,
    Taint,
    Toleration,
    Volume,
    claim_templates,
)
from kubeactors.api.core.v1.persistentvolume import PersistentVolume, PersistentVolumeSpec
from kubeactors.api.core.v1.volume import PersistentVolumeClaimSpec, VolumeResourceRequirements
from kubeactors.api.rbac.v1 import AggregationRule, ClusterRole, PolicyRule
from kubeactors.api.scheduling.v1 import PriorityClass
from kubeactors.api.storage.v1 import StorageClass
from kubeactors.apimachinery.meta import LabelSelector, ObjectMeta
from kubeactors.controllers.persistentvolume.provisioner import PROVISIONER
from kubeactors.kubelet.runtimes.behaviour import DOMAIN
from kubeactors.sim.bounds.room import VISITOR
from kubeactors.sim.users.probing import answers, probed
from kubeactors.sim.users.traits import with_trait
from kubeactors.sim.workload import (
    SLOW_IMAGE,
    AddPod,
    Autoscale,
    CreateCronJob,
    CreateDaemonSet,
    CreateDeployment,
    CreateJob,
    CreateReplicationController,
    CreateStatefulSet,
    GrantRole,
    PublishAddresses,
    RecreatePod,
)

NAMESPACE = "default"
APP = "app"
OWN_POD = "own"
"""What those that nodes run by themselves are called, and their label."""
ROOT_CA = """\
-----BEGIN CERTIFICATE-----
MIIBKzCB0qADAgECAgEBMAoGCCqGSM49BAMCMBQxEjAQBgNVBAMMCXNpbXVsYXRl
ZDAgFw0yMDAxMDEwMDAwMDBaGA8yMDUwMDEwMTAwMDAwMFowFDESMBAGA1UEAwwJ
c2ltdWxhdGVkMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEbq1CGp2pTWHrbKP6
y+tulnwsC0YBpPEzbletfGMA2wE+ZoK9eaBCx/gDzuSDTUzI7SniHzFwg++oRw7u
gy4oRqMTMBEwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEAgOKu
891MLlG/f7TeORxn2u+wW8DOj8hbdu/lCJi/VUQCIAWwqkdf6GPr/VevQ1fAT54z
cQk1Eqbi4P6H/+Lv40cN
-----END CERTIFICATE-----
"""
"""The certificate of the authority of all simulated clusters; nobody in one speaks by TLS."""
HASH_LABEL = "pod-template-hash"
JOINER = "join"
POD_NAME_LABEL = "statefulset.kubernetes.io/pod-name"
STORAGE, LATE = "simulated", "late"
"""Classes of volumes: those of the second are made when it is known where the pod will be."""
NOT_READY, UNREACHABLE = "node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"
MAINTENANCE = "sim.kubeactors/maintenance"
"""The key of the taint by which users drive pods off a node."""
TEAM = "example.com/aggregate-to-team"
SCRATCH = "scratch"
CPU = "100m"
URGENT = PriorityClass(metadata=ObjectMeta(name="urgent"), value=1000)
HTTP = "http"
"""The name of the port at which pods listen."""
LOAD = f"{DOMAIN}cpu"
STOPS = f"{DOMAIN}stop-seconds"
CRASHING = {f"{DOMAIN}run-seconds": "0.5", f"{DOMAIN}exit-code": "1"}
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
    """Where a container of an image listens: each image somewhere else."""
    return (ContainerPort(name=HTTP, container_port=8000 + ord(tag[-1])),)


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


def pod_spec(image: str, tolerate_seconds: int = TOLERATE_SECONDS, cpu: str = CPU) -> PodSpec:
    """What pods run: one container, that stays on a bad node for so long."""
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
    """One of those that nodes run by themselves: its manifest lies on each of them."""
    name = f"{OWN_POD}-{number}"
    return Pod(metadata=ObjectMeta(name=name, namespace=NAMESPACE, labels=_labels(OWN_POD)), spec=pod_spec("1", cpu=""))


def _probed(action: CreateDeployment | CreateStatefulSet | CreateReplicationController, cpu: str = CPU) -> PodSpec:
    plain = pod_spec(action.image, action.tolerate_seconds, cpu)
    return replace(plain, containers=tuple(probed(one, action) for one in plain.containers))


def _pods(
    action: CreateDeployment | CreateStatefulSet | CreateDaemonSet | CreateReplicationController | CreateJob,
    plain: PodSpec,
) -> PodSpec:
    return with_trait(plain, action.trait, _labels(action.name))


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
            _pods(action, _probed(action, action.cpu)),
            _behaviour(action),
        ),
        strategy=strategy,
        revision_history_limit=action.history,
        min_ready_seconds=action.min_ready_seconds,
        progress_deadline_seconds=action.deadline_seconds,
    )
    if action.stop_seconds:
        pods = replace(spec.template.spec, termination_grace_period_seconds=2 * action.stop_seconds)
        spec = replace(spec, template=replace(spec.template, spec=pods))
    if action.urgent:
        pods = replace(spec.template.spec, priority_class_name=URGENT.metadata.name)
        spec = replace(spec, template=replace(spec.template, spec=pods))
    return Deployment(metadata=_metadata(action.name), spec=spec)


def _behaviour(action: CreateDeployment) -> dict[str, str]:
    """What its containers are declared to do, as annotations."""
    found = answers(action)
    if action.load:
        found[LOAD] = action.load
    if action.stop_seconds:
        found[STOPS] = str(action.stop_seconds)
    return found | ({**CRASHING, f"{DOMAIN}crashes": str(action.crashes)} if action.crashes else {})


def autoscaler_of(action: Autoscale) -> HorizontalPodAutoscaler:
    """The autoscaler of a deployment."""
    target = MetricTarget(type="Utilization", average_utilization=action.percent)
    spec = HorizontalPodAutoscalerSpec(
        scale_target_ref=CrossVersionObjectReference(kind="Deployment", name=action.name, api_version="apps/v1"),
        min_replicas=action.least,
        max_replicas=action.most,
        metrics=(MetricSpec(type="Resource", resource=ResourceMetricSource(name="cpu", target=target)),),
        behavior=_behavior(action),
    )
    return HorizontalPodAutoscaler(metadata=_metadata(action.name), spec=spec)


def _behavior(action: Autoscale) -> HorizontalPodAutoscalerBehavior:
    policies = tuple(
        HPAScalingPolicy(type="Percent" if one.percent else "Pods", value=one.amount, period_seconds=one.seconds)
        for one in action.paces
    )
    paced = HPAScalingRules(policies=policies, select_policy="Min" if action.slowest else "Max") if policies else None
    shrinking = replace(paced or HPAScalingRules(), stabilization_window_seconds=action.patience_seconds)
    return HorizontalPodAutoscalerBehavior(scale_up=paced, scale_down=shrinking)


def stateful_set_of(action: CreateStatefulSet) -> StatefulSet:
    """The stateful set that the action creates."""
    pods = _probed(action)
    if action.joins:
        pods = replace(pods, init_containers=(_joiner(action),))
    spec = StatefulSetSpec(
        replicas=action.replicas,
        selector=_selector(action.name),
        service_name=action.name,
        template=_template(action.name, _pods(action, pods), answers(action)),
        min_ready_seconds=action.min_ready_seconds,
        pod_management_policy="Parallel" if action.parallel else "OrderedReady",
        volume_claim_templates=(_claim(LATE if action.late else STORAGE),) if action.claims else (),
        persistent_volume_claim_retention_policy=StatefulSetPersistentVolumeClaimRetentionPolicy(
            when_deleted=action.retention, when_scaled=action.retention
        ),
        ordinals=StatefulSetOrdinals(start=action.start) if action.start else None,
        update_strategy=StatefulSetUpdateStrategy(
            type="RollingUpdate", rolling_update=RollingUpdateStatefulSetStrategy(partition=action.partition)
        ),
    )
    return StatefulSet(metadata=_metadata(action.name), spec=spec)


def _joiner(action: CreateStatefulSet) -> Container:
    """Ends once the first pod is ready; in that one at once."""
    first = f"{action.name}-{action.start}"
    script = f'[ "$HOSTNAME" = {first} ] || until nc -z {service_to(first)} 80; do sleep 1; done'
    return Container(name=JOINER, image=image_of(action.image), command=("sh", "-c", script, first))


def joined_by(pod: Pod) -> str:
    """The name of the pod that this one waits for when it starts; empty if it waits for none."""
    return next((one.command[-1] for one in pod.spec.init_containers if one.name == JOINER), "")


def service_to(pod: str) -> str:
    """The name of the service that leads to a pod which others wait for."""
    return f"to-{pod}"


def service_of_first(action: CreateStatefulSet) -> Service:
    """The service that leads to the first pod of a stateful set."""
    first = f"{action.name}-{action.start}"
    spec = ServiceSpec(ports=(ServicePort(port=80),), selector={POD_NAME_LABEL: first})
    return Service(metadata=_metadata(service_to(first)), spec=spec)


def _claim(of: str = STORAGE) -> claim_templates.PersistentVolumeClaim:
    resources = VolumeResourceRequirements(requests={"storage": "1Gi"})
    spec = PersistentVolumeClaimSpec(
        access_modes=("ReadWriteOnce",), resources=resources, storage_class_name=of, volume_mode="Filesystem"
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
    return StorageClass(metadata=ObjectMeta(name=STORAGE), provisioner=PROVISIONER, allow_volume_expansion=True)


def daemon_set_of(action: CreateDaemonSet) -> DaemonSet:
    """The daemon set that the action creates."""
    spec = DaemonSetSpec(
        selector=_selector(action.name),
        template=_template(action.name, _pods(action, pod_spec(action.image))),
        min_ready_seconds=action.min_ready_seconds,
        update_strategy=DaemonSetUpdateStrategy(
            rolling_update=RollingUpdateDaemonSet(
                max_unavailable=0 if action.max_surge else action.max_unavailable, max_surge=action.max_surge
            )
        ),
    )
    return DaemonSet(metadata=_metadata(action.name), spec=spec)


def replication_controller_of(action: CreateReplicationController) -> ReplicationController:
    """The replication controller that the action creates."""
    spec = ReplicationControllerSpec(
        replicas=action.replicas,
        min_ready_seconds=action.min_ready_seconds,
        selector=_labels(action.name),
        template=_template(action.name, _pods(action, _probed(action)), answers(action)),
    )
    return ReplicationController(metadata=_metadata(action.name), spec=spec)


def job_of(action: CreateJob) -> Job:
    """The job that the action creates."""
    base = pod_spec("1")
    early = SuccessPolicy(rules=(SuccessPolicyRule(succeeded_indexes="0"),))
    end = f"sleep {action.run_seconds:g}; " if action.run_seconds else ""
    container = replace(base.containers[0], command=("sh", "-c", f"{end}exit {action.exit_code}"))
    spec = JobSpec(
        suspend=action.suspended,
        ttl_seconds_after_finished=action.ttl_seconds,
        active_deadline_seconds=action.deadline_seconds,
        backoff_limit_per_index=action.backoff_limit_per_index,
        max_failed_indexes=action.max_failed_indexes,
        success_policy=early if action.succeeds_early else None,
        pod_replacement_policy="Failed" if action.replaces_late or action.policy else None,
        pod_failure_policy=_failure_policy(action),
        completions=action.completions,
        parallelism=action.parallelism,
        backoff_limit=None if action.backoff_limit_per_index is not None else action.backoff_limit,
        completion_mode="Indexed" if action.indexed else "NonIndexed",
        template=_template(action.name, _pods(action, replace(base, containers=(container,), restart_policy="Never"))),
    )
    return Job(metadata=_metadata(action.name), spec=spec)


def _failure_policy(action: CreateJob) -> PodFailurePolicy | None:
    if not action.policy:
        return None
    if action.policy == "Ignore":
        driven_off = PodFailurePolicyOnPodConditionsPattern(type="DisruptionTarget", status="True")
        return PodFailurePolicy(rules=(PodFailurePolicyRule(action="Ignore", on_pod_conditions=(driven_off,)),))
    codes = PodFailurePolicyOnExitCodesRequirement(operator="NotIn", values=(0,))
    return PodFailurePolicy(rules=(PodFailurePolicyRule(action=action.policy, on_exit_codes=codes),))


def cron_job_of(action: CreateCronJob) -> CronJob:
    """The cron job that the action creates."""
    annotations = {f"{DOMAIN}run-seconds": str(action.run_seconds)}
    template = _template(action.name, replace(pod_spec("1"), restart_policy="Never"), annotations)
    spec = CronJobSpec(
        schedule="* * * * *",
        concurrency_policy=action.concurrency,
        successful_jobs_history_limit=action.history,
        job_template=JobTemplateSpec(spec=JobSpec(template=template)),
    )
    return CronJob(metadata=_metadata(action.name), spec=spec)


def pod_of(action: AddPod | RecreatePod) -> Pod:
    """The pod that the action creates."""
    metadata = ObjectMeta(name=action.pod, namespace=NAMESPACE, labels=_labels(action.name))
    spec = pod_spec("1")
    if isinstance(action, AddPod) and action.scratch:
        template = PersistentVolumeClaimTemplate(spec=_claim().spec)
        volume = Volume(name=SCRATCH, ephemeral=EphemeralVolumeSource(volume_claim_template=template))
        spec = replace(spec, volumes=(volume,))
    return Pod(metadata=metadata, spec=spec)


def plain_service(name: str) -> Service:
    """A service that selects nothing: somebody says by hand where it leads to."""
    return Service(metadata=_metadata(name), spec=ServiceSpec(ports=(ServicePort(name="http", port=80),)))


def addresses_of(action: PublishAddresses) -> Endpoints:
    """Where it leads to."""
    addresses = tuple(EndpointAddress(ip=f"192.0.2.{number}") for number in range(1, action.count + 1))
    subset = EndpointSubset(addresses=addresses, ports=(EndpointPort(name="http", port=80, protocol="TCP"),))
    return Endpoints(metadata=_metadata(action.name), subsets=(subset,) if addresses else ())


def role_of(action: GrantRole) -> ClusterRole:
    """A role that the team's role takes in, and the role `view`."""
    rule = PolicyRule(api_groups=("example.com",), resources=(action.name,), verbs=action.verbs)
    labels = {TEAM: "true", "rbac.authorization.k8s.io/aggregate-to-view": "true"}
    return ClusterRole(metadata=ObjectMeta(name=action.name, labels=labels), rules=(rule,))


def team_role() -> ClusterRole:
    """A role that is the sum of others."""
    selector = LabelSelector(match_labels={TEAM: "true"})
    return ClusterRole(
        metadata=ObjectMeta(name="team"), aggregation_rule=AggregationRule(cluster_role_selectors=(selector,))
    )


def service_of(name: str) -> Service:
    """The service in front of a workload."""
    spec = ServiceSpec(ports=(ServicePort(port=80),), selector=_labels(name))
    return Service(metadata=_metadata(name), spec=spec)


def with_image(template: PodTemplateSpec, tag: str) -> PodTemplateSpec:
    """The same pods with another image; those of the slow one take long to start."""
    containers = tuple(replace(one, image=image_of(tag), ports=_ports(tag)) for one in template.spec.containers)
    annotations = {key: value for key, value in template.metadata.annotations.items() if key not in SLOW}
    metadata = replace(template.metadata, annotations=annotations | (SLOW if tag == SLOW_IMAGE else {}))
    return replace(template, metadata=metadata, spec=replace(template.spec, containers=containers))


def without_hash(template: PodTemplateSpec) -> PodTemplateSpec:
    """A ReplicaSet's template as its deployment had it."""
    labels = {key: value for key, value in template.metadata.labels.items() if key != HASH_LABEL}
    return replace(template, metadata=replace(template.metadata, labels=labels))
