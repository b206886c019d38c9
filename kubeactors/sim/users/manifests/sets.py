"""StatefulSets, DaemonSets, ReplicationControllers, and bare ReplicaSets."""

from msgspec.structs import replace

from kubeactors.api.apps.v1 import DaemonSet, DaemonSetSpec, ReplicaSet, ReplicaSetSpec, StatefulSet, StatefulSetSpec
from kubeactors.api.apps.v1.daemonset import DaemonSetUpdateStrategy, RollingUpdateDaemonSet
from kubeactors.api.apps.v1.statefulset import (
    RollingUpdateStatefulSetStrategy,
    StatefulSetOrdinals,
    StatefulSetPersistentVolumeClaimRetentionPolicy,
    StatefulSetUpdateStrategy,
)
from kubeactors.api.core.v1 import (
    Container,
    Pod,
    ReplicationController,
    ReplicationControllerSpec,
    Service,
    ServicePort,
    ServiceSpec,
)
from kubeactors.sim.users.manifests.names import labels_of, metadata_of, selecting
from kubeactors.sim.users.manifests.pods import image_of, pod_spec, probed_pods, template_of
from kubeactors.sim.users.manifests.probing import answers
from kubeactors.sim.users.manifests.volumes import LATE, STORAGE, claim_template
from kubeactors.sim.workload import CreateDaemonSet, CreateReplicationController, CreateStatefulSet

JOINER = "join"
POD_NAME_LABEL = "statefulset.kubernetes.io/pod-name"


def stateful_set_of(action: CreateStatefulSet) -> StatefulSet:
    """The StatefulSet that the action creates."""
    pods = probed_pods(action)
    if action.joins:
        pods = replace(pods, init_containers=(_joiner(action),))
    spec = StatefulSetSpec(
        replicas=action.replicas,
        selector=selecting(action.name),
        service_name=action.name,
        template=template_of(action.name, pods, answers(action), trait=action.trait),
        min_ready_seconds=action.min_ready_seconds,
        pod_management_policy="Parallel" if action.parallel else "OrderedReady",
        volume_claim_templates=(claim_template(LATE if action.late else STORAGE),) if action.claims else (),
        persistent_volume_claim_retention_policy=StatefulSetPersistentVolumeClaimRetentionPolicy(
            when_deleted=action.retention, when_scaled=action.retention
        ),
        ordinals=StatefulSetOrdinals(start=action.start) if action.start else None,
        update_strategy=StatefulSetUpdateStrategy(
            type="RollingUpdate", rolling_update=RollingUpdateStatefulSetStrategy(partition=action.partition)
        ),
    )
    return StatefulSet(metadata=metadata_of(action.name), spec=spec)


def _joiner(action: CreateStatefulSet) -> Container:
    """An init container that waits until the first pod is ready; in that pod itself it ends at once."""
    first = f"{action.name}-{action.start}"
    script = f'[ "$HOSTNAME" = {first} ] || until nc -z {service_to(first)} 80; do sleep 1; done'
    return Container(name=JOINER, image=image_of(action.image), command=("sh", "-c", script, first))


def joined_by(pod: Pod) -> str:
    """The name of the pod that this one waits for when it starts; empty if none."""
    return next((one.command[-1] for one in pod.spec.init_containers if one.name == JOINER), "")


def service_to(pod: str) -> str:
    """The name of the Service of the pod that others wait for."""
    return f"to-{pod}"


def service_of_first(action: CreateStatefulSet) -> Service:
    """The Service of the first pod of a StatefulSet."""
    first = f"{action.name}-{action.start}"
    spec = ServiceSpec(ports=(ServicePort(port=80),), selector={POD_NAME_LABEL: first})
    return Service(metadata=metadata_of(service_to(first)), spec=spec)


def daemon_set_of(action: CreateDaemonSet) -> DaemonSet:
    """The DaemonSet that the action creates."""
    spec = DaemonSetSpec(
        selector=selecting(action.name),
        template=template_of(action.name, pod_spec(action.image), trait=action.trait),
        min_ready_seconds=action.min_ready_seconds,
        update_strategy=DaemonSetUpdateStrategy(
            rolling_update=RollingUpdateDaemonSet(
                max_unavailable=0 if action.max_surge else action.max_unavailable, max_surge=action.max_surge
            )
        ),
    )
    return DaemonSet(metadata=metadata_of(action.name), spec=spec)


def replication_controller_of(action: CreateReplicationController) -> ReplicationController:
    """The ReplicationController that the action creates."""
    spec = ReplicationControllerSpec(
        replicas=action.replicas,
        min_ready_seconds=action.min_ready_seconds,
        selector=labels_of(action.name),
        template=template_of(action.name, probed_pods(action), answers(action), trait=action.trait),
    )
    return ReplicationController(metadata=metadata_of(action.name), spec=spec)


def replica_set_of(action: CreateReplicationController) -> ReplicaSet:
    """The bare ReplicaSet that the action creates."""
    spec = ReplicaSetSpec(
        replicas=action.replicas,
        min_ready_seconds=action.min_ready_seconds,
        selector=selecting(action.name),
        template=template_of(action.name, probed_pods(action), answers(action), trait=action.trait),
    )
    return ReplicaSet(metadata=metadata_of(action.name), spec=spec)
