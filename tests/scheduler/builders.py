"""Pods, nodes and profiles to test with."""

from random import Random
from typing import TypeVar

from kubeactors.api.core.v1 import (
    Affinity,
    Container,
    ContainerPort,
    Node,
    NodeSpec,
    NodeStatus,
    Pod,
    PodSchedulingGate,
    PodSpec,
    ResourceRequirements,
    Taint,
    Toleration,
)
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.requests import ApiRequest, StopWatch
from kubeactors.apimachinery.status import ServiceUnavailable
from kubeactors.client import Client
from kubeactors.scheduler.cache import Cache
from kubeactors.scheduler.handle import Handle
from kubeactors.scheduler.plugins import default_plugins
from kubeactors.scheduler.profile import Profile

R = TypeVar("R")


class Nowhere:
    """A transport that reaches no server."""

    async def send(self, request: ApiRequest[R]) -> R:
        raise ServiceUnavailable.saying(f"nobody answers {request.resource}")

    def stop_watch(self, message: StopWatch) -> None:
        """There is none."""


def handle(cache: Cache) -> Handle:
    return Handle(client=Client(Nowhere()), cache=cache, random=Random(1))


def profile(cache: Cache) -> Profile:
    return Profile(default_plugins(handle(cache)), cache)


def node(
    name: str,
    cpu: str = "4",
    memory: str = "8Gi",
    *,
    labels: dict[str, str] | None = None,
    taints: tuple[Taint, ...] = (),
    unschedulable: bool = False,
    allocatable: dict[str, str] | None = None,
) -> Node:
    return Node(
        metadata=ObjectMeta(name=name, uid=f"uid-{name}", labels={"kubernetes.io/hostname": name} | (labels or {})),
        spec=NodeSpec(taints=taints, unschedulable=unschedulable),
        status=NodeStatus(
            allocatable={"cpu": cpu, "memory": memory, "ephemeral-storage": "100Gi", "pods": "110"}
            | (allocatable or {})
        ),
    )


def pod(
    name: str,
    requests: dict[str, str] | None = None,
    *,
    uid: str = "",
    node_name: str = "",
    node_selector: dict[str, str] | None = None,
    affinity: Affinity | None = None,
    tolerations: tuple[Toleration, ...] = (),
    host_port: int = 0,
    host_ip: str = "",
    priority: int | None = None,
    gates: tuple[str, ...] = (),
) -> Pod:
    ports = (ContainerPort(container_port=80, host_port=host_port, host_ip=host_ip),) if host_port else ()
    container = Container(
        name="c", image="example/x:1", resources=ResourceRequirements(requests=requests or {}), ports=ports
    )
    return Pod(
        metadata=ObjectMeta(name=name, namespace="default", uid=uid or f"uid-{name}"),
        spec=PodSpec(
            containers=(container,),
            node_name=node_name,
            node_selector=node_selector or {},
            affinity=affinity,
            tolerations=tolerations,
            priority=priority,
            scheduling_gates=tuple(PodSchedulingGate(name=one) for one in gates),
        ),
    )
