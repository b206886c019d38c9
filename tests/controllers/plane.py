"""A control plane in a simulator, and the little that the scheduler and kubelets would do."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

from msgspec.structs import replace

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
    ContainerPort,
    Event,
    Node,
    NodeCondition,
    NodeSpec,
    NodeStatus,
    Pod,
    PodCondition,
    PodIP,
    PodSpec,
    PodStatus,
    PodTemplateSpec,
    Taint,
)
from kubeactors.apimachinery.meta import DeleteOptions, IntOrString, LabelSelector, ObjectMeta, TypedObject
from kubeactors.apimachinery.status import NotFound
from kubeactors.controllers import ControllerManager, ControllerManagerConfig, NodeLifecycleConfig
from tests.client.door import Door

PATIENT = NodeLifecycleConfig(grace_seconds=1e9, startup_grace_seconds=1e9)
"""Nodes need no kubelet to stay alive."""
DEFAULT = ControllerManagerConfig(root_ca="PEM", node_lifecycle=PATIENT)


class Plane(Door):
    """A store, an API server and all controllers."""

    def __init__(self, seed: int = 1, config: ControllerManagerConfig = DEFAULT) -> None:
        super().__init__(seed)
        self.manager = self.sim.spawn(partial(ControllerManager, self.client, config), name="controllers")
        self.sim.run(2.0)

    def tick(self, times: int = 1, node: str = "node-1") -> None:
        """So many times: let controllers act for a second, and kubelets do what they are told."""
        for _ in range(times):
            self.sim.run(1.0)
            self.run_pods(node)
            self.sim.run(1.0)

    def node(self, name: str, labels: dict[str, str] | None = None, taints: tuple[Taint, ...] = ()) -> Node:
        """A node that is ready."""
        ready = NodeCondition(type="Ready", status="True", last_heartbeat_time="2026-01-01T00:00:00Z")
        metadata = ObjectMeta(name=name, labels=labels or {})
        return self.create(
            Node(metadata=metadata, spec=NodeSpec(taints=taints), status=NodeStatus(conditions=(ready,)))
        )

    def run_pods(self, node: str = "node-1") -> None:
        """Every pod becomes ready; every pod that is being deleted goes."""
        for index, pod in enumerate(self.list(Pod)):
            if pod.metadata.deletion_timestamp is not None:
                self.end(pod)
            elif pod.status.phase in {"", "Pending"}:
                if not pod.spec.node_name:
                    self.do(partial(self.client.bind, pod, node))
                self.change(pod, partial(running, address=f"10.0.0.{index + 1}"), "status")

    def end(self, pod: Pod) -> None:
        """What a kubelet does when the containers have ended, unless somebody was faster."""
        options = DeleteOptions(grace_period_seconds=0)
        with suppress(NotFound):
            self.do(partial(self.client.delete, Pod, pod.metadata.name, pod.metadata.namespace, options=options))

    def remove(self, value: TypedObject, policy: str) -> None:
        """Delete with a propagation policy."""
        options = DeleteOptions(propagation_policy=policy)
        metadata = value.metadata
        self.do(lambda: self.client.delete(type(value), metadata.name, metadata.namespace, options=options))

    def events(self, name: str) -> list[tuple[str, str]]:
        """Reasons and messages of the events about an object, in order."""
        found = [one for one in self.list(Event) if one.involved_object.name == name]
        found.sort(key=lambda one: one.metadata.name)
        return [(one.reason, one.message) for one in found]

    def images(self) -> list[str]:
        """The images of the pods that are not going, sorted."""
        pods = [pod for pod in self.list(Pod) if pod.metadata.deletion_timestamp is None]
        return sorted(pod.spec.containers[0].image for pod in pods)


def meta(name: str, **labels: str) -> ObjectMeta:
    """Metadata in the namespace default."""
    return ObjectMeta(name=name, namespace="default", labels=labels)


def running(pod: Pod, address: str = "10.0.0.1") -> Pod:
    """The pod as a kubelet reports it once it serves."""
    ready = PodCondition(type="Ready", status="True", last_transition_time="2026-01-01T00:00:00Z")
    status = PodStatus(phase="Running", conditions=(ready,), pod_ip=address, pod_ips=(PodIP(ip=address),))
    return replace(pod, status=status)


def unready(pod: Pod) -> Pod:
    """The pod as a kubelet reports it when it does not serve any more."""
    condition = PodCondition(type="Ready", status="False", last_transition_time="2026-01-01T00:01:00Z")
    return replace(pod, status=replace(pod.status, conditions=(condition,)))


def template(image: str = "example/web:1") -> PodTemplateSpec:
    """A template of one container."""
    container = Container(name="c", image=image, ports=(ContainerPort(name="web", container_port=8080),))
    return PodTemplateSpec(metadata=ObjectMeta(labels={"app": "web"}), spec=PodSpec(containers=(container,)))


SELECTOR = LabelSelector(match_labels={"app": "web"})


def replica_set(replicas: int = 2, *, min_ready_seconds: int = 0) -> ReplicaSet:
    """A ReplicaSet of web pods."""
    spec = ReplicaSetSpec(
        replicas=replicas, selector=SELECTOR, template=template(), min_ready_seconds=min_ready_seconds
    )
    return ReplicaSet(metadata=meta("web"), spec=spec)


def deployment(
    replicas: int = 3, *, surge: IntOrString = "25%", unavailable: IntOrString = "25%", image: str = "example/web:1"
) -> Deployment:
    """A Deployment of web pods."""
    rolling = RollingUpdateDeployment(max_surge=surge, max_unavailable=unavailable)
    strategy = DeploymentStrategy(type="RollingUpdate", rolling_update=rolling)
    spec = DeploymentSpec(replicas=replicas, selector=SELECTOR, template=template(image), strategy=strategy)
    return Deployment(metadata=meta("web", l="m"), spec=spec)


W = TypeVar("W", Deployment, ReplicaSet)


def sized(replicas: int) -> Callable[[W], W]:
    """A change to another number of replicas."""
    return lambda one: replace(one, spec=replace(one.spec, replicas=replicas))
