"""The table printers of kinds that make pods, their templates and their scale.

Source: pkg/printers/internalversion/printers.go (v1.36).
"""

from kubeactors.api.apps.v1.controllerrevision import ControllerRevision
from kubeactors.api.apps.v1.daemonset import DaemonSet
from kubeactors.api.apps.v1.deployment import Deployment
from kubeactors.api.apps.v1.replicaset import ReplicaSet
from kubeactors.api.apps.v1.statefulset import StatefulSet
from kubeactors.api.autoscaling.v1.scale import Scale
from kubeactors.api.core.v1.pod import PodTemplate, PodTemplateSpec
from kubeactors.api.core.v1.replicationcontroller import ReplicationController
from kubeactors.api.printers.table import (
    AGE,
    CONTAINERS,
    IMAGES,
    NAME,
    NONE,
    SELECTOR,
    Cells,
    Column,
    Printer,
    age,
    container_cells,
)
from kubeactors.apimachinery.labels import format_labels, format_selector, of_object


def replica_set_cells(replica_set: ReplicaSet, now_ns: int) -> Cells:
    """All cells of a ReplicaSet's row."""
    spec, status = replica_set.spec, replica_set.status
    return (
        replica_set.metadata.name,
        spec.replicas or 0,
        status.replicas,
        status.ready_replicas,
        age(replica_set.metadata, now_ns),
        *container_cells(spec.template.spec.containers),
        format_selector(spec.selector),
    )


def replication_controller_cells(controller: ReplicationController, now_ns: int) -> Cells:
    """All cells of a ReplicationController's row."""
    spec, status = controller.spec, controller.status
    return (
        controller.metadata.name,
        spec.replicas or 0,
        status.replicas,
        status.ready_replicas,
        age(controller.metadata, now_ns),
        *container_cells((spec.template or PodTemplateSpec()).spec.containers),
        format_labels(spec.selector),
    )


def pod_template_cells(template: PodTemplate, _now_ns: int) -> Cells:
    """All cells of a PodTemplate's row."""
    inner = template.template
    names, images = container_cells(inner.spec.containers)
    return template.metadata.name, names, images, format_labels(inner.metadata.labels)


def deployment_cells(deployment: Deployment, now_ns: int) -> Cells:
    """All cells of a Deployment's row."""
    spec, status = deployment.spec, deployment.status
    return (
        deployment.metadata.name,
        f"{status.ready_replicas}/{spec.replicas or 0}",
        status.updated_replicas,
        status.available_replicas,
        age(deployment.metadata, now_ns),
        *container_cells(spec.template.spec.containers),
        str(of_object(spec.selector)),
    )


def stateful_set_cells(found: StatefulSet, now_ns: int) -> Cells:
    """All cells of a StatefulSet's row."""
    return (
        found.metadata.name,
        f"{found.status.ready_replicas}/{found.spec.replicas or 0}",
        age(found.metadata, now_ns),
        *container_cells(found.spec.template.spec.containers),
    )


def daemon_set_cells(found: DaemonSet, now_ns: int) -> Cells:
    """All cells of a DaemonSet's row."""
    spec, status = found.spec, found.status
    return (
        found.metadata.name,
        status.desired_number_scheduled,
        status.current_number_scheduled,
        status.number_ready,
        status.updated_number_scheduled,
        status.number_available,
        format_labels(spec.template.spec.node_selector),
        age(found.metadata, now_ns),
        *container_cells(spec.template.spec.containers),
        format_selector(spec.selector),
    )


def controller_revision_cells(revision: ControllerRevision, now_ns: int) -> Cells:
    """All cells of a ControllerRevision's row."""
    owner = next((one for one in revision.metadata.owner_references if one.controller), None)
    shown = NONE
    if owner is not None:
        group = owner.api_version.rpartition("/")[0]
        shown = f"{owner.kind.lower()}{'.' if group else ''}{group}/{owner.name}"
    return revision.metadata.name, shown, revision.revision, age(revision.metadata, now_ns)


def scale_cells(scale: Scale, now_ns: int) -> Cells:
    """All cells of a Scale's row."""
    return scale.metadata.name, scale.spec.replicas, scale.status.replicas, age(scale.metadata, now_ns)


REPLICA_SET = Printer(
    columns=(
        NAME,
        Column(name="Desired", type="integer", description="The desired number of pods."),
        Column(name="Current", type="integer", description="The current number of pods."),
        Column(name="Ready", type="integer", description="The number of ready pods."),
        AGE,
        CONTAINERS,
        IMAGES,
        SELECTOR,
    ),
    cells=replica_set_cells,
)
REPLICATION_CONTROLLER = Printer(columns=REPLICA_SET.columns, cells=replication_controller_cells)
POD_TEMPLATE = Printer(
    columns=(
        NAME,
        Column(name="Containers", description=CONTAINERS.description),
        Column(name="Images", description=IMAGES.description),
        Column(name="Pod Labels", description="The labels of the template."),
    ),
    cells=pod_template_cells,
)
DEPLOYMENT = Printer(
    columns=(
        NAME,
        Column(name="Ready", description="The numbers of ready and of desired pods."),
        Column(name="Up-to-date", description="The number of pods of the current template."),
        Column(name="Available", description="The number of available pods."),
        AGE,
        CONTAINERS,
        IMAGES,
        SELECTOR,
    ),
    cells=deployment_cells,
)
STATEFUL_SET = Printer(
    columns=(
        NAME,
        Column(name="Ready", description="The numbers of ready and of desired pods."),
        AGE,
        CONTAINERS,
        IMAGES,
    ),
    cells=stateful_set_cells,
)
DAEMON_SET = Printer(
    columns=(
        NAME,
        Column(name="Desired", type="integer", description="The number of nodes that should run a pod."),
        Column(name="Current", type="integer", description="The number of these nodes with a pod."),
        Column(name="Ready", type="integer", description="The number of these nodes with a ready pod."),
        Column(name="Up-to-date", type="integer", description="The number of these nodes with an updated pod."),
        Column(name="Available", type="integer", description="The number of these nodes with an available pod."),
        Column(name="Node Selector", description="The node selector of the template."),
        AGE,
        CONTAINERS,
        IMAGES,
        SELECTOR,
    ),
    cells=daemon_set_cells,
)
CONTROLLER_REVISION = Printer(
    columns=(
        NAME,
        Column(name="Controller", description="The controller of the revision."),
        Column(name="Revision", description="The revision number."),
        AGE,
    ),
    cells=controller_revision_cells,
)
SCALE = Printer(
    columns=(
        NAME,
        Column(name="Desired", type="integer", description="The desired number of replicas."),
        Column(name="Available", type="integer", description="The current number of replicas."),
        AGE,
    ),
    cells=scale_cells,
)
