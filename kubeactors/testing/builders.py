"""Builders of small, valid objects for tests, each in one line.

Every builder takes what tests mostly vary; for the rest use `msgspec.structs.replace` on what it returns.
"""

from collections.abc import Mapping, Sequence

from kubeactors.api.apps.v1 import (
    Deployment,
    DeploymentSpec,
    DeploymentStrategy,
    ReplicaSet,
    ReplicaSetSpec,
    RollingUpdateDeployment,
)
from kubeactors.api.core.v1 import (
    Container,
    Namespace,
    Node,
    NodeCondition,
    NodeSpec,
    NodeStatus,
    Pod,
    PodSpec,
    PodTemplateSpec,
    ResourceRequirements,
    Service,
    ServicePort,
    ServiceSpec,
    Taint,
    Toleration,
)
from kubeactors.apimachinery.meta import IntOrString, LabelSelector, ObjectMeta, OwnerReference

IMAGE = "registry.example/web:1"


def make_pod_spec(
    *,
    image: str = IMAGE,
    requests: Mapping[str, str] | None = None,
    node_name: str = "",
    grace_seconds: int | None = None,
    tolerations: Sequence[Toleration] = (),
) -> PodSpec:
    """A pod spec with one container, named `main`.

    >>> make_pod_spec(image="a:1").containers[0].image
    'a:1'
    """
    resources = ResourceRequirements(requests=dict(requests or {}))
    return PodSpec(
        containers=(Container(name="main", image=image, resources=resources),),
        node_name=node_name,
        termination_grace_period_seconds=grace_seconds,
        tolerations=tuple(tolerations),
    )


def make_pod(
    name: str = "web-0",
    *,
    namespace: str = "default",
    labels: Mapping[str, str] | None = None,
    owners: Sequence[OwnerReference] = (),
    spec: PodSpec | None = None,
) -> Pod:
    """A pod without owners, unless `owners` lists some."""
    metadata = ObjectMeta(name=name, namespace=namespace, labels=dict(labels or {}), owner_references=tuple(owners))
    return Pod(metadata=metadata, spec=spec or make_pod_spec())


def make_template(labels: Mapping[str, str], spec: PodSpec | None = None) -> PodTemplateSpec:
    """A pod template with these labels."""
    return PodTemplateSpec(metadata=ObjectMeta(labels=dict(labels)), spec=spec or make_pod_spec())


def make_replica_set(
    name: str = "web",
    replicas: int = 3,
    *,
    namespace: str = "default",
    labels: Mapping[str, str] | None = None,
    spec: PodSpec | None = None,
) -> ReplicaSet:
    """A ReplicaSet of `replicas` pods labelled `app: NAME`, or `labels`."""
    labels = dict(labels or {"app": name})
    return ReplicaSet(
        metadata=ObjectMeta(name=name, namespace=namespace),
        spec=ReplicaSetSpec(
            replicas=replicas, selector=LabelSelector(match_labels=labels), template=make_template(labels, spec)
        ),
    )


def make_deployment(  # noqa: PLR0913 -- what tests of rollouts vary
    name: str = "web",
    replicas: int = 3,
    *,
    namespace: str = "default",
    labels: Mapping[str, str] | None = None,
    spec: PodSpec | None = None,
    strategy: str = "RollingUpdate",
    max_surge: IntOrString | None = None,
    max_unavailable: IntOrString | None = None,
) -> Deployment:
    """A Deployment of `replicas` pods labelled `app: NAME`, or `labels`; surge and unavailability default as in Kubernetes.

    >>> make_deployment(replicas=5).spec.replicas
    5
    """
    labels = dict(labels or {"app": name})
    rolling = None
    if strategy == "RollingUpdate":
        rolling = RollingUpdateDeployment(max_unavailable=max_unavailable, max_surge=max_surge)
    return Deployment(
        metadata=ObjectMeta(name=name, namespace=namespace),
        spec=DeploymentSpec(
            replicas=replicas,
            selector=LabelSelector(match_labels=labels),
            template=make_template(labels, spec),
            strategy=DeploymentStrategy(type=strategy, rolling_update=rolling),
        ),
    )


def make_service(
    name: str = "web",
    *,
    namespace: str = "default",
    selector: Mapping[str, str] | None = None,
    port: int = 80,
) -> Service:
    """A Service that selects pods labelled `app: NAME`, or `selector`."""
    return Service(
        metadata=ObjectMeta(name=name, namespace=namespace),
        spec=ServiceSpec(ports=(ServicePort(port=port),), selector=dict(selector or {"app": name})),
    )


def make_node(  # noqa: PLR0913 -- what tests of placement vary
    name: str = "node-1",
    *,
    cpu: str = "8",
    memory: str = "16Gi",
    pods: str = "110",
    labels: Mapping[str, str] | None = None,
    taints: Sequence[Taint] = (),
    ready: bool = True,
) -> Node:
    """A Node as its kubelet reports it; capacity and allocatable resources are the same."""
    room = {"cpu": cpu, "memory": memory, "ephemeral-storage": "1Ti", "pods": pods}
    condition = NodeCondition(type="Ready", status="True" if ready else "False")
    return Node(
        metadata=ObjectMeta(name=name, labels={"kubernetes.io/hostname": name, **(labels or {})}),
        spec=NodeSpec(taints=tuple(taints)),
        status=NodeStatus(capacity=room, allocatable=room, conditions=(condition,)),
    )


def make_namespace(name: str = "shop") -> Namespace:
    """An empty namespace."""
    return Namespace(metadata=ObjectMeta(name=name))
