"""Tables: the columns that stock kubectl shows, and what stands in the cells."""

import pytest
from msgspec.structs import replace

from kubeactors.api import SCHEME
from kubeactors.api.apps.v1 import (
    Deployment,
    DeploymentSpec,
    DeploymentStatus,
    ReplicaSet,
    ReplicaSetSpec,
    ReplicaSetStatus,
)
from kubeactors.api.autoscaling.v1.scale import Scale, ScaleSpec, ScaleStatus
from kubeactors.api.coordination.v1 import Lease, LeaseSpec
from kubeactors.api.core.v1 import (
    ConfigMap,
    Container,
    ContainerState,
    ContainerStateRunning,
    ContainerStateTerminated,
    ContainerStateWaiting,
    ContainerStatus,
    EndpointAddress,
    EndpointPort,
    Endpoints,
    EndpointSubset,
    Event,
    EventSeries,
    LoadBalancerIngress,
    LoadBalancerStatus,
    Namespace,
    NamespaceStatus,
    Node,
    NodeAddress,
    NodeCondition,
    NodeSpec,
    NodeStatus,
    NodeSystemInfo,
    ObjectReference,
    Pod,
    PodCondition,
    PodIP,
    PodReadinessGate,
    PodSpec,
    PodStatus,
    PodTemplateSpec,
    Secret,
    Service,
    ServiceAccount,
    ServicePort,
    ServiceSpec,
    ServiceStatus,
)
from kubeactors.api.discovery.v1 import Endpoint, EndpointSlice
from kubeactors.api.discovery.v1 import EndpointPort as SlicePort
from kubeactors.api.events.v1.event import from_core
from kubeactors.api.networking.v1.ingressclass import IngressClass, IngressClassSpec
from kubeactors.api.printers import Cells, RowCondition, columns, row, row_conditions
from kubeactors.api.scheduling.v1 import PriorityClass
from kubeactors.apimachinery.meta import HasMeta, LabelSelector, ObjectMeta
from kubeactors.apimachinery.time import parse_time

NOW = parse_time("2026-01-02T03:10:00Z")
META = ObjectMeta(name="a", creation_timestamp="2026-01-02T03:04:05Z")
AGE = "5m55s"

TEMPLATE = PodTemplateSpec(
    spec=PodSpec(containers=(Container(name="c", image="nginx:1"), Container(name="d", image="busybox")))
)
SELECTOR = LabelSelector(match_labels={"b": "2", "a": "1"})


def names(type_: type[object]) -> list[str]:
    """The names of columns; those that only `-o wide` shows in brackets."""
    return [f"({column.name})" if column.priority else column.name for column in columns(type_)]


def test_columns_are_those_of_kubectl() -> None:
    assert {kind.kind: names(kind.type) for kind in SCHEME if kind.stored_as is None} == {
        "APIService": ["Name", "Service", "Available", "Age"],
        "Binding": ["Name", "Created At"],
        "CustomResourceDefinition": ["Name", "Created At"],
        "CSIDriver": [
            "Name",
            "AttachRequired",
            "PodInfoOnMount",
            "StorageCapacity",
            "TokenRequests",
            "RequiresRepublish",
            "Modes",
            "Age",
        ],
        "CSINode": ["Name", "Drivers", "Age"],
        "CSIStorageCapacity": ["Name", "Created At"],
        "CertificateSigningRequest": ["Name", "Age", "SignerName", "Requestor", "RequestedDuration", "Condition"],
        "ComponentStatus": ["Name", "Status", "Message", "Error"],
        "DeviceClass": ["Name", "Age"],
        "FlowSchema": ["Name", "PriorityLevel", "MatchingPrecedence", "DistinguisherMethod", "Age", "MissingPL"],
        "IPAddress": ["Name", "ParentRef"],
        "Ingress": ["Name", "Class", "Hosts", "Address", "Ports", "Age"],
        "IngressClass": ["Name", "Controller", "Parameters", "Age"],
        "MutatingAdmissionPolicy": ["Name", "Mutations", "ParamKind", "Age"],
        "MutatingAdmissionPolicyBinding": ["Name", "PolicyName", "ParamRef", "Age"],
        "MutatingWebhookConfiguration": ["Name", "Webhooks", "Age"],
        "NetworkPolicy": ["Name", "Pod-Selector", "Age"],
        "PriorityLevelConfiguration": [
            "Name",
            "Type",
            "NominalConcurrencyShares",
            "Queues",
            "HandSize",
            "QueueLengthLimit",
            "Age",
        ],
        "ResourceClaim": ["Name", "State", "Age"],
        "ResourceClaimTemplate": ["Name", "Age"],
        "ResourceSlice": ["Name", "Node", "Driver", "Pool", "Age"],
        "RuntimeClass": ["Name", "Handler", "Age"],
        "ServiceCIDR": ["Name", "CIDRs", "Age"],
        "ValidatingAdmissionPolicy": ["Name", "Validations", "ParamKind", "Age"],
        "ValidatingAdmissionPolicyBinding": ["Name", "PolicyName", "ParamRef", "Age"],
        "ValidatingWebhookConfiguration": ["Name", "Webhooks", "Age"],
        "VolumeAttachment": ["Name", "Attacher", "PV", "Node", "Attached", "Age"],
        "VolumeAttributesClass": ["Name", "DriverName", "Age"],
        "LimitRange": ["Name", "Created At"],
        "ResourceQuota": ["Name", "Request", "Limit", "Age"],
        "HorizontalPodAutoscaler": ["Name", "Reference", "Targets", "MinPods", "MaxPods", "Replicas", "Age"],
        "CronJob": [
            "Name",
            "Schedule",
            "Timezone",
            "Suspend",
            "Active",
            "Last Schedule",
            "Age",
            "(Containers)",
            "(Images)",
            "(Selector)",
        ],
        "Job": ["Name", "Status", "Completions", "Duration", "Age", "(Containers)", "(Images)", "(Selector)"],
        "PodDisruptionBudget": ["Name", "Min Available", "Max Unavailable", "Allowed Disruptions", "Age"],
        "SelfSubjectReview": ["Name", "Created At"],
        "TokenReview": ["Name", "Created At"],
        "LocalSubjectAccessReview": ["Name", "Created At"],
        "SelfSubjectAccessReview": ["Name", "Created At"],
        "SelfSubjectRulesReview": ["Name", "Created At"],
        "SubjectAccessReview": ["Name", "Created At"],
        "ClusterRole": ["Name", "Created At"],
        "ClusterRoleBinding": ["Name", "Role", "Age", "(Users)", "(Groups)", "(ServiceAccounts)"],
        "Role": ["Name", "Created At"],
        "RoleBinding": ["Name", "Role", "Age", "(Users)", "(Groups)", "(ServiceAccounts)"],
        "ConfigMap": ["Name", "Data", "Age"],
        "ControllerRevision": ["Name", "Controller", "Revision", "Age"],
        "DaemonSet": [
            "Name",
            "Desired",
            "Current",
            "Ready",
            "Up-to-date",
            "Available",
            "Node Selector",
            "Age",
            "(Containers)",
            "(Images)",
            "(Selector)",
        ],
        "Deployment": ["Name", "Ready", "Up-to-date", "Available", "Age", "(Containers)", "(Images)", "(Selector)"],
        "EndpointSlice": ["Name", "AddressType", "Ports", "Endpoints", "Age"],
        "Endpoints": ["Name", "Endpoints", "Age"],
        "Event": [
            "Last Seen",
            "Type",
            "Reason",
            "Object",
            "(Subobject)",
            "(Source)",
            "Message",
            "(First Seen)",
            "(Count)",
            "(Name)",
        ],
        "Lease": ["Name", "Holder", "Age"],
        "PriorityClass": ["Name", "Value", "Global-Default", "Age", "PreemptionPolicy"],
        "Namespace": ["Name", "Status", "Age"],
        "Node": [
            "Name",
            "Status",
            "Roles",
            "Age",
            "Version",
            "(Internal-IP)",
            "(External-IP)",
            "(OS-Image)",
            "(Kernel-Version)",
            "(Container-Runtime)",
        ],
        "Pod": [
            "Name",
            "Ready",
            "Status",
            "Restarts",
            "Age",
            "(IP)",
            "(Node)",
            "(Nominated Node)",
            "(Readiness Gates)",
        ],
        "PersistentVolume": [
            "Name",
            "Capacity",
            "Access Modes",
            "Reclaim Policy",
            "Status",
            "Claim",
            "StorageClass",
            "VolumeAttributesClass",
            "Reason",
            "Age",
            "(VolumeMode)",
        ],
        "PersistentVolumeClaim": [
            "Name",
            "Status",
            "Volume",
            "Capacity",
            "Access Modes",
            "StorageClass",
            "VolumeAttributesClass",
            "Age",
            "(VolumeMode)",
        ],
        "PodTemplate": ["Name", "Containers", "Images", "Pod Labels"],
        "ReplicaSet": ["Name", "Desired", "Current", "Ready", "Age", "(Containers)", "(Images)", "(Selector)"],
        "ReplicationController": [
            "Name",
            "Desired",
            "Current",
            "Ready",
            "Age",
            "(Containers)",
            "(Images)",
            "(Selector)",
        ],
        "Secret": ["Name", "Type", "Data", "Age"],
        "Service": ["Name", "Type", "Cluster-IP", "External-IP", "Port(s)", "Age", "(Selector)"],
        "ServiceAccount": ["Name", "Age"],
        "StorageClass": [
            "Name",
            "Provisioner",
            "ReclaimPolicy",
            "VolumeBindingMode",
            "AllowVolumeExpansion",
            "Age",
        ],
        "StatefulSet": ["Name", "Ready", "Age", "(Containers)", "(Images)"],
    }


def test_every_table_has_one_column_of_names() -> None:
    others = [kind for kind in SCHEME if kind.kind != "VolumeAttachment"]  # which calls its attacher a name too
    assert [[column.format for column in columns(kind.type)].count("name") for kind in others] == [1] * len(others)


@pytest.mark.parametrize("kind", list(SCHEME), ids=[kind.kind for kind in SCHEME])
def test_a_row_fills_the_columns(kind: object) -> None:
    for one in SCHEME:
        if one is kind:
            surplus = one.kind == "IPAddress"  # as in the original, its age has no column
            assert len(row(one.default(one.type()), NOW)) == len(columns(one.type)) + surplus


@pytest.mark.parametrize(
    ("it", "cells"),
    [
        (ConfigMap(metadata=META, data={"x": ""}, binary_data={"y": b""}), ("a", 2, AGE)),
        (Secret(metadata=META, type="Opaque", data={"x": b""}), ("a", "Opaque", 1, AGE)),
        (ServiceAccount(metadata=META), ("a", AGE)),
        (Namespace(metadata=META, status=NamespaceStatus(phase="Active")), ("a", "Active", AGE)),
        (Lease(metadata=META, spec=LeaseSpec(holder_identity="me")), ("a", "me", AGE)),
        (Lease(metadata=ObjectMeta(name="a")), ("a", "", "<unknown>")),
        (PriorityClass(metadata=META, value=7, preemption_policy="Never"), ("a", 7, False, AGE, "Never")),
        (
            IngressClass(
                metadata=replace(META, annotations={"ingressclass.kubernetes.io/is-default-class": "true"}),
                spec=IngressClassSpec(controller="example.com/c"),
            ),
            ("a (default)", "example.com/c", "<none>", AGE),
        ),
        (Scale(metadata=META, spec=ScaleSpec(replicas=3), status=ScaleStatus(replicas=2)), ("a", 3, 2, AGE)),
        (
            ReplicaSet(
                metadata=META,
                spec=ReplicaSetSpec(replicas=3, selector=SELECTOR, template=TEMPLATE),
                status=ReplicaSetStatus(replicas=2, ready_replicas=1),
            ),
            ("a", 3, 2, 1, AGE, "c,d", "nginx:1,busybox", "a=1,b=2"),
        ),
        (
            Deployment(
                metadata=META,
                spec=DeploymentSpec(replicas=3, selector=SELECTOR, template=TEMPLATE),
                status=DeploymentStatus(replicas=4, updated_replicas=2, ready_replicas=1, available_replicas=1),
            ),
            ("a", "1/3", 2, 1, AGE, "c,d", "nginx:1,busybox", "a=1,b=2"),
        ),
    ],
    ids=lambda it: type(it).__name__,
)
def test_small_rows(it: HasMeta, cells: Cells) -> None:
    assert row(it, NOW) == cells


@pytest.mark.parametrize(
    ("spec", "cells"),
    [
        (ServiceSpec(type="ClusterIP", cluster_ip="None"), ("ClusterIP", "None", "<none>", "<none>", AGE, "<none>")),
        (
            ServiceSpec(
                type="NodePort",
                cluster_ip="10.0.0.1",
                selector={"b": "2", "a": "1"},
                ports=(
                    ServicePort(port=53, node_port=30053, protocol="UDP"),
                    ServicePort(port=53, protocol="TCP"),
                ),
            ),
            ("NodePort", "10.0.0.1", "<none>", "53:30053/UDP,53/TCP", AGE, "a=1,b=2"),
        ),
        (
            ServiceSpec(type="ExternalName", external_name="db.example.com"),
            ("ExternalName", "<none>", "db.example.com", "<none>", AGE, "<none>"),
        ),
        (
            ServiceSpec(type="ClusterIP", external_ips=("192.0.2.1", "192.0.2.2")),
            ("ClusterIP", "<none>", "192.0.2.1,192.0.2.2", "<none>", AGE, "<none>"),
        ),
        (ServiceSpec(type="LoadBalancer"), ("LoadBalancer", "<none>", "<pending>", "<none>", AGE, "<none>")),
        (ServiceSpec(), ("", "<none>", "<unknown>", "<none>", AGE, "<none>")),
    ],
)
def test_a_service_shows_how_to_reach_it(spec: ServiceSpec, cells: Cells) -> None:
    assert row(Service(metadata=META, spec=spec), NOW) == ("a", *cells)


def test_a_load_balancer_shows_each_of_its_addresses_once() -> None:
    ingress = tuple(LoadBalancerIngress(ip=ip, hostname="lb") for ip in ("192.0.2.2", "", "192.0.2.1", "192.0.2.2"))
    status = ServiceStatus(load_balancer=LoadBalancerStatus(ingress=ingress))
    service = Service(spec=ServiceSpec(type="LoadBalancer", external_ips=("192.0.2.9",)), status=status)
    assert row(service, NOW)[3] == "192.0.2.1,192.0.2.2,lb,192.0.2.9"


def test_endpoints_show_the_first_three() -> None:
    addresses = tuple(EndpointAddress(ip=f"10.0.0.{n}") for n in range(1, 4))
    two = EndpointSubset(addresses=addresses, ports=(EndpointPort(port=80), EndpointPort(port=81)))
    six = EndpointSubset(addresses=(EndpointAddress(ip="fd00::1"),), ports=(EndpointPort(port=80),))
    portless = EndpointSubset(addresses=addresses[:2])
    shown = [row(Endpoints(subsets=subsets), NOW)[1] for subsets in ((), (two,), (six, portless))]
    assert shown == [
        "<none>",
        "10.0.0.1:80,10.0.0.2:80,10.0.0.3:80 + 3 more...",
        "[fd00::1]:80,10.0.0.1,10.0.0.2",
    ]


def test_an_endpoint_slice_shows_ports_and_addresses() -> None:
    ports = (SlicePort(port=80), SlicePort(name="web"), SlicePort(), SlicePort(port=81))
    endpoints = (Endpoint(addresses=("10.0.0.1", "10.0.0.2")), Endpoint(addresses=("10.0.0.3",)))
    full = EndpointSlice(metadata=META, address_type="IPv4", ports=ports, endpoints=endpoints)
    assert row(full, NOW) == ("a", "IPv4", "80,web,* + 1 more...", "10.0.0.1,10.0.0.2,10.0.0.3", AGE)
    assert row(EndpointSlice(metadata=META, address_type="IPv4"), NOW) == ("a", "IPv4", "<unset>", "<unset>", AGE)


def test_events_show_when_and_how_often() -> None:
    once = Event(
        metadata=META,
        involved_object=ObjectReference(kind="Pod", name="web-0", field_path="spec.containers{web}"),
        type="Normal",
        reason="Pulled",
        message=" pulled\n",
        event_time="2026-01-02T03:09:00.000000Z",
        reporting_component="kubelet",
        reporting_instance="node-1",
    )
    cells = ("60s", "Normal", "Pulled", "pod/web-0", "spec.containers{web}", "kubelet, node-1", "pulled", "60s", 1, "a")
    assert row(once, NOW) == cells
    assert row(from_core(once), NOW) == cells
    often = replace(
        once,
        series=EventSeries(count=5, last_observed_time="2026-01-02T03:09:50.000000Z"),
        involved_object=ObjectReference(kind="Node"),
    )
    assert row(often, NOW)[:4] == ("10s", "Normal", "Pulled", "node")
    assert row(often, NOW)[-3:] == ("60s", 5, "a")
    old = replace(
        once,
        event_time=None,
        first_timestamp="2026-01-02T03:00:00Z",
        last_timestamp="2026-01-02T03:09:55Z",
        count=7,
    )
    assert (row(old, NOW)[0], *row(old, NOW)[-3:]) == ("5s", "10m", 7, "a")


READY = NodeStatus(
    conditions=(NodeCondition(type="Ready", status="True"),),
    addresses=(NodeAddress(type="Hostname", address="n"), NodeAddress(type="InternalIP", address="10.0.0.1")),
    node_info=NodeSystemInfo(kubelet_version="v1.36.2", os_image="Debian", kernel_version="6.1"),
)


@pytest.mark.parametrize(
    ("node", "status", "roles"),
    [
        (Node(), "Unknown", "<none>"),
        (Node(status=READY), "Ready", "<none>"),
        (Node(status=NodeStatus(conditions=(NodeCondition(type="Ready", status="Unknown"),))), "NotReady", "<none>"),
        (Node(spec=NodeSpec(unschedulable=True), status=READY), "Ready,SchedulingDisabled", "<none>"),
        (
            Node(
                metadata=ObjectMeta(
                    labels={
                        "node-role.kubernetes.io/worker": "",
                        "kubernetes.io/role": "control-plane",
                        "node-role.kubernetes.io/": "",
                    }
                )
            ),
            "Unknown",
            "control-plane,worker",
        ),
    ],
)
def test_a_node_shows_its_state_and_roles(node: Node, status: str, roles: str) -> None:
    assert row(node, NOW)[1:3] == (status, roles)


def test_a_node_shows_what_it_runs() -> None:
    assert row(Node(metadata=META, status=READY), NOW)[3:] == (
        AGE,
        "v1.36.2",
        "10.0.0.1",
        "<none>",
        "Debian",
        "6.1",
        "<unknown>",
    )


RUNNING = ContainerState(running=ContainerStateRunning())
DONE = ContainerState(terminated=ContainerStateTerminated(reason="Completed"))
INITIALIZED = PodCondition(type="Initialized", status="True")


def waiting(reason: str) -> ContainerState:
    return ContainerState(waiting=ContainerStateWaiting(reason=reason))


def ended(code: int = 0, *, reason: str = "", signal: int = 0) -> ContainerState:
    return ContainerState(terminated=ContainerStateTerminated(exit_code=code, reason=reason, signal=signal))


def status(state: ContainerState, *, name: str = "c", ready: bool = False, restarts: int = 0) -> ContainerStatus:
    return ContainerStatus(name=name, state=state, ready=ready, restart_count=restarts)


UP = status(RUNNING, ready=True)


def pod(
    *containers: ContainerStatus,
    phase: str = "Running",
    init: tuple[ContainerStatus, ...] = (),
    sidecars: tuple[str, ...] = (),
    reason: str = "",
    conditions: tuple[PodCondition, ...] = (),
    deleted: bool = False,
) -> Pod:
    """A pod whose spec has the containers that its status names."""
    spec = PodSpec(
        containers=tuple(Container(name=one.name) for one in containers),
        init_containers=tuple(
            Container(name=one.name, restart_policy="Always" if one.name in sidecars else None) for one in init
        ),
    )
    return Pod(
        metadata=replace(META, deletion_timestamp=META.creation_timestamp if deleted else None),
        spec=spec,
        status=PodStatus(
            phase=phase,
            reason=reason,
            conditions=conditions,
            container_statuses=containers,
            init_container_statuses=init,
        ),
    )


@pytest.mark.parametrize(
    ("it", "ready", "shown"),
    [
        (pod(phase="Pending"), "0/0", "Pending"),
        (pod(UP), "1/1", "Running"),
        (pod(UP, status(waiting("CrashLoopBackOff"), name="d")), "1/2", "CrashLoopBackOff"),
        (
            pod(status(waiting("ImagePullBackOff")), status(waiting("ErrImagePull"), name="d")),
            "0/2",
            "ImagePullBackOff",
        ),
        (pod(status(waiting(""))), "0/1", "Running"),
        (pod(status(ended(1, reason="Error"))), "0/1", "Error"),
        (pod(status(ended(3))), "0/1", "ExitCode:3"),
        (pod(status(ended(137, signal=9))), "0/1", "Signal:9"),
        (pod(status(DONE), phase="Succeeded"), "0/1", "Completed"),
        (pod(status(DONE), replace(UP, name="d")), "1/2", "NotReady"),
        (
            pod(status(DONE), replace(UP, name="d"), conditions=(PodCondition(type="Ready", status="True"),)),
            "1/2",
            "Running",
        ),
        (pod(phase="Failed", reason="Evicted"), "0/0", "Evicted"),
        (
            pod(phase="Pending", conditions=(PodCondition(type="PodScheduled", reason="SchedulingGated"),)),
            "0/0",
            "SchedulingGated",
        ),
        (pod(UP, deleted=True), "1/1", "Terminating"),
        (pod(status(DONE), phase="Succeeded", deleted=True), "0/1", "Completed"),
        (pod(UP, deleted=True, reason="NodeLost"), "1/1", "Unknown"),
        (pod(status(waiting("PodInitializing")), init=(status(RUNNING, name="i"),)), "0/1", "Init:0/1"),
        (
            pod(
                status(waiting("PodInitializing")),
                init=(status(DONE, name="i"), status(waiting("PodInitializing"), name="j")),
            ),
            "0/1",
            "Init:1/2",
        ),
        (pod(init=(status(waiting("ErrImagePull"), name="i"),)), "0/0", "Init:ErrImagePull"),
        (pod(init=(status(ended(1, reason="Error"), name="i"),)), "0/0", "Init:Error"),
        (pod(init=(status(ended(2), name="i"),)), "0/0", "Init:ExitCode:2"),
        (pod(init=(status(ended(2, signal=15), name="i"),)), "0/0", "Init:Signal:15"),
        (pod(UP, init=(status(DONE, name="i"),)), "1/1", "Running"),
        (
            pod(UP, init=(replace(UP, name="s", started=True),), sidecars=("s",)),
            "2/2",
            "Running",
        ),
        (
            pod(
                status(waiting("PodInitializing")),
                init=(status(RUNNING, name="s"),),
                sidecars=("s",),
            ),
            "0/2",
            "Init:0/1",
        ),
        (
            pod(UP, init=(status(ended(1, reason="Error"), name="s"),), sidecars=("s",), conditions=(INITIALIZED,)),
            "1/2",
            "Init:Error",
        ),
    ],
)
def test_the_status_of_a_pod_sums_up_its_containers(it: Pod, ready: str, shown: str) -> None:
    assert row(it, NOW)[1:3] == (ready, shown)


def test_restarts_tell_when_the_last_one_was() -> None:
    last = ContainerState(terminated=ContainerStateTerminated(finished_at="2026-01-02T03:09:30Z"))
    earlier = ContainerState(terminated=ContainerStateTerminated(finished_at="2026-01-02T03:09:00Z"))
    twice = replace(UP, restart_count=2, last_state=last)
    once = replace(UP, name="d", restart_count=1, last_state=earlier)
    assert row(pod(UP), NOW)[3] == "0"
    assert row(pod(twice, once), NOW)[3] == "3 (30s ago)"
    assert row(pod(replace(UP, restart_count=1)), NOW)[3] == "1"


def test_restarts_of_finished_init_containers_do_not_count() -> None:
    init = (status(DONE, name="i", restarts=5), replace(UP, name="s", started=True, restart_count=1))
    assert row(pod(replace(UP, restart_count=2), init=init, sidecars=("s",)), NOW)[3] == "3"
    assert row(pod(init=(status(RUNNING, name="i", restarts=5),)), NOW)[3] == "5"


def test_a_wide_row_tells_where_the_pod_is() -> None:
    it = pod(UP, conditions=(PodCondition(type="example.com/a", status="True"),))
    gates = (PodReadinessGate(condition_type="example.com/a"), PodReadinessGate(condition_type="example.com/b"))
    spec = replace(it.spec, node_name="node-1", readiness_gates=gates)
    placed = replace(it.status, pod_ips=(PodIP(ip="10.0.0.1"),), nominated_node_name="node-2")
    assert row(it, NOW)[5:] == ("<none>",) * 4
    assert row(replace(it, spec=spec, status=placed), NOW)[4:] == (AGE, "10.0.0.1", "node-1", "node-2", "1/2")


def test_rows_of_finished_pods_say_so() -> None:
    assert row_conditions(pod(UP)) == ()
    assert row_conditions(pod(phase="Succeeded")) == (
        RowCondition(
            type="Completed", status="True", reason="Succeeded", message="The pod has completed successfully."
        ),
    )
    assert row_conditions(pod(phase="Failed")) == (
        RowCondition(type="Completed", status="True", reason="Failed", message="The pod failed."),
    )


class Unknown:
    """Something without a printer."""

    api_version = "example.com/v1"
    kind = "Thing"
    metadata = META


def test_other_kinds_show_when_they_were_made() -> None:
    assert names(Unknown) == ["Name", "Created At"]
    assert row(Unknown(), NOW) == ("a", "2026-01-02T03:04:05Z")
