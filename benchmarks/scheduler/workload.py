"""Workloads, with upstream's sizes and thresholds.

Source: test/integration/scheduler_perf/{misc,affinity,topology_spreading,default_preemption,volumes,event_handling,dra}/
performance-config.yaml (v1.36). Where upstream names no threshold it is 0 here.
"""

import msgspec

from benchmarks.scheduler import shapes
from kubeactors.api.core.v1 import Pod, Taint


class Nodes(msgspec.Struct, frozen=True, kw_only=True):
    """Identical nodes; zones are assigned in turn."""

    count: int
    zones: tuple[str, ...] = ("",)
    large: bool = False
    tainted: bool = False
    devices: bool = False
    """Whether they have some of an extended resource."""
    volumes: int = 0
    """How many volumes of the CSI driver each takes; 0 is any number."""

    @property
    def taints(self) -> tuple[Taint, ...]:
        """The taints of each."""
        return (Taint(key="foo", effect="NoSchedule"),) if self.tainted else ()


class Pods(msgspec.Struct, frozen=True, kw_only=True):
    """Identical pods, in one namespace or spread over several."""

    shape: Pod
    count: int
    namespaces: tuple[str, ...] = ("default",)
    waits: bool = True
    """Whether they are schedulable."""
    volumes: str = ""
    """Each has a claim of its own, bound to a volume of this kind: `csi` or `aws`."""


class Devices(msgspec.Struct, frozen=True, kw_only=True):
    """Devices of each node, for claims from a template in each namespace of pods."""

    per_node: int = 10
    allocated: int = 0
    """So many are allocated already, evenly over the nodes."""


class Workload(msgspec.Struct, frozen=True, kw_only=True):
    """Existing nodes and pods, and measured pods. `threshold` is upstream's, in pods per second."""

    name: str
    threshold: float
    nodes: tuple[Nodes, ...]
    before: tuple[Pods, ...] = ()
    measured: Pods
    churn: Pod | None = None
    """Five of these come each second while the measurement runs."""
    recreates: Pod | None = None
    """Such a pod, a node and a Service are created and deleted in turn, one per second, during the measurement."""
    deleted_per_second: int = 0
    """So many of the existing pods are deleted per second."""
    blockers: Pod | None = None
    """Equally many of these fill the cluster, so that the measured pods are unschedulable; the measurement begins with the
    deletion of these blockers."""
    devices: Devices | None = None
    steady_seconds: float = 0.0
    """For so long the measured pods are created, and deleted when all are scheduled, again and again."""
    services: tuple[str, ...] = ()
    """Namespaces with a Service that selects color=blue."""


def _affinity(
    name: str, shape: Pod, threshold: float, pods: tuple[int, int] = (5000, 5000), zones: tuple[str, ...] = ("",)
) -> Workload:
    """`pods`: how many are there, and how many are measured."""
    return Workload(
        name=name,
        threshold=threshold,
        nodes=(Nodes(count=5000, zones=zones),),
        before=(Pods(shape=shape, count=pods[0], namespaces=("sched-0",)),),
        measured=Pods(shape=shape, count=pods[1], namespaces=("sched-1",)),
    )


def _selecting(
    name: str, shape: Pod, threshold: float, sizes: tuple[int, int, int], zones: tuple[str, ...] = ("",)
) -> Workload:
    """`sizes`: how many nodes, pods that are there, and pods that are measured."""
    nodes, before, measured = sizes
    return Workload(
        name=name,
        threshold=threshold,
        nodes=(Nodes(count=nodes, zones=zones),),
        before=(Pods(shape=shape, count=before, namespaces=tuple(f"init-ns-{number}" for number in range(100))),),
        measured=Pods(shape=shape, count=measured, namespaces=("measure-ns-0",)),
    )


def _spread(name: str, shape: Pod, threshold: float, measured: int, services: tuple[str, ...] = ()) -> Workload:
    return Workload(
        name=name,
        threshold=threshold,
        nodes=(Nodes(count=5000, zones=("moon-1", "moon-2", "moon-3")),),
        before=(Pods(shape=shapes.DEFAULT, count=5000),),
        measured=Pods(shape=shape, count=measured, namespaces=services or ("default",)),
        services=services,
    )


def _steady(name: str, threshold: float, allocated: int) -> Workload:
    return Workload(
        name=name,
        threshold=threshold,
        nodes=(Nodes(count=500),),
        devices=Devices(allocated=allocated),
        steady_seconds=10.0,
        measured=Pods(shape=shapes.CLAIMING, count=10, namespaces=("test",)),
    )


_ZONE1 = ("zone1",)
_MIXED = (
    shapes.DEFAULT,
    shapes.AFFINITY,
    shapes.ANTI_AFFINITY,
    shapes.PREFERRED_AFFINITY,
    shapes.PREFERRED_ANTI_AFFINITY,
)

WORKLOADS = (
    Workload(
        name="basic",
        threshold=810,
        nodes=(Nodes(count=5000),),
        before=(Pods(shape=shapes.DEFAULT, count=5000),),
        measured=Pods(shape=shapes.DEFAULT, count=50_000),
    ),
    Workload(
        name="daemonset",
        threshold=1100,
        nodes=(Nodes(count=1, large=True), Nodes(count=15_000)),
        measured=Pods(shape=shapes.DAEMON, count=30_000),
    ),
    Workload(
        name="node-affinity",
        threshold=220,
        nodes=(Nodes(count=5000, zones=_ZONE1),),
        before=(Pods(shape=shapes.NODE_AFFINITY, count=5000),),
        measured=Pods(shape=shapes.NODE_AFFINITY, count=10_000),
    ),
    _affinity("anti-affinity", shapes.ANTI_AFFINITY, 60, (1000, 2000)),
    Workload(
        name="matching-anti-affinity",
        threshold=595,
        nodes=(Nodes(count=5000),),
        before=(Pods(shape=shapes.ANTI_AFFINITY, count=1000, namespaces=("sched-0",)),),
        measured=Pods(shape=shapes.MATCHING_ANTI_AFFINITY, count=5000, namespaces=("sched-1",)),
    ),
    _affinity("affinity", shapes.AFFINITY, 35, zones=_ZONE1),
    _affinity("preferred-affinity", shapes.PREFERRED_AFFINITY, 90),
    _affinity("preferred-anti-affinity", shapes.PREFERRED_ANTI_AFFINITY, 90),
    Workload(
        name="mixed",
        threshold=140,
        nodes=(Nodes(count=5000, zones=_ZONE1),),
        before=tuple(Pods(shape=one, count=2000, namespaces=("sched-0",)) for one in _MIXED),
        measured=Pods(shape=shapes.DEFAULT, count=5000),
    ),
    _selecting("ns-selector-anti-affinity", shapes.NS_ANTI_AFFINITY, 24, (6000, 4000, 2000)),
    _selecting("ns-selector-preferred-anti-affinity", shapes.NS_PREFERRED_ANTI_AFFINITY, 55, (5000, 4000, 2000)),
    _selecting("ns-selector-affinity", shapes.NS_AFFINITY, 35, (5000, 5000, 2000), _ZONE1),
    _selecting("ns-selector-preferred-affinity", shapes.NS_PREFERRED_AFFINITY, 90, (5000, 5000, 5000)),
    Workload(
        name="gated-affinity",
        threshold=110,
        nodes=(Nodes(count=1, large=True),),
        before=(Pods(shape=shapes.GATED_AFFINITY, count=10_000, namespaces=("gated",), waits=False),),
        measured=Pods(shape=shapes.LABELLED, count=20_000),
    ),
    _spread("topology-spreading", shapes.SPREAD, 460, 5000),
    _spread("preferred-topology-spreading", shapes.PREFERRED_SPREAD, 340, 5000),
    _spread("default-topology-spreading", shapes.SELECTED, 160, 50_000, ("service-ns",)),
    Workload(
        name="node-inclusion-policy",
        threshold=270,
        nodes=(Nodes(count=4000), Nodes(count=1000, tainted=True)),
        measured=Pods(shape=shapes.INCLUSION_POLICY, count=4000),
    ),
    Workload(
        name="preemption",
        threshold=570,
        nodes=(Nodes(count=5000),),
        before=(Pods(shape=shapes.LOW_PRIORITY, count=20_000),),
        churn=shapes.HIGH_PRIORITY,
        measured=Pods(shape=shapes.DEFAULT, count=5000),
    ),
    Workload(
        name="preemption-basic",
        threshold=0,
        nodes=(Nodes(count=1000),),
        before=(Pods(shape=shapes.LOW_PRIORITY, count=4000),),
        measured=Pods(shape=shapes.HIGH_PRIORITY, count=1000),
    ),
    Workload(
        name="unschedulable",
        threshold=600,
        nodes=(Nodes(count=5000),),
        before=(Pods(shape=shapes.DEFAULT, count=20_000),),
        churn=shapes.HIGH_PRIORITY_LARGE,
        measured=Pods(shape=shapes.DEFAULT, count=10_000),
    ),
    Workload(
        name="unschedulable-few",
        threshold=590,
        nodes=(Nodes(count=5000),),
        before=(Pods(shape=shapes.DEFAULT, count=100),),
        churn=shapes.HIGH_PRIORITY_LARGE,
        measured=Pods(shape=shapes.DEFAULT, count=10_000),
    ),
    Workload(
        name="mixed-churn",
        threshold=710,
        nodes=(Nodes(count=5000),),
        recreates=shapes.HIGH_PRIORITY_LARGE,
        measured=Pods(shape=shapes.DEFAULT, count=10_000),
    ),
    Workload(
        name="deleted-with-finalizers",
        threshold=830,
        nodes=(Nodes(count=5000),),
        before=(Pods(shape=shapes.WITH_FINALIZER, count=5000, waits=False),),
        deleted_per_second=100,
        measured=Pods(shape=shapes.LIGHT, count=5000),
    ),
    Workload(
        name="extended-resource",
        threshold=180,
        nodes=(Nodes(count=5000, devices=True),),
        measured=Pods(shape=shapes.EXTENDED, count=5000, namespaces=("test",)),
    ),
    Workload(
        name="secrets",
        threshold=790,
        nodes=(Nodes(count=5000),),
        before=(Pods(shape=shapes.WITH_SECRET, count=1000),),
        measured=Pods(shape=shapes.WITH_SECRET, count=10_000),
    ),
    Workload(
        name="in-tree-volumes",
        threshold=290,
        nodes=(Nodes(count=5000),),
        before=(Pods(shape=shapes.DEFAULT, count=1000, volumes="aws"),),
        measured=Pods(shape=shapes.DEFAULT, count=2000, volumes="aws"),
    ),
    Workload(
        name="migrated-volumes",
        threshold=100,
        nodes=(Nodes(count=5000, volumes=39),),
        before=(Pods(shape=shapes.DEFAULT, count=5000, volumes="aws"),),
        measured=Pods(shape=shapes.DEFAULT, count=5000, volumes="aws"),
    ),
    Workload(
        name="csi-volumes",
        threshold=100,
        nodes=(Nodes(count=5000, volumes=39),),
        before=(Pods(shape=shapes.DEFAULT, count=5000, volumes="csi"),),
        measured=Pods(shape=shapes.DEFAULT, count=5000, volumes="csi"),
    ),
    Workload(
        name="preemption-volumes",
        threshold=0,
        nodes=(Nodes(count=1000),),
        before=(Pods(shape=shapes.LOW_PRIORITY, count=4000),),
        measured=Pods(shape=shapes.HIGH_PRIORITY, count=1000, volumes="aws"),
    ),
    Workload(
        name="resource-claim-template",
        threshold=56,
        nodes=(Nodes(count=500),),
        devices=Devices(),
        before=(Pods(shape=shapes.CLAIMING, count=2500, namespaces=("init",)),),
        measured=Pods(shape=shapes.CLAIMING, count=2500, namespaces=("test",)),
    ),
    _steady("resource-claims-steady-empty", 64, 0),
    _steady("resource-claims-steady-half", 70, 2500),
    _steady("resource-claims-steady-full", 60, 4990),
    Workload(
        name="event-handling-resources",
        threshold=0,
        nodes=(Nodes(count=50),),
        blockers=shapes.RESOURCE_BLOCKER,
        measured=Pods(shape=shapes.RESOURCE_BLOCKED, count=500, namespaces=("noderesources",)),
    ),
    Workload(
        name="event-handling-ports",
        threshold=0,
        nodes=(Nodes(count=50),),
        blockers=shapes.PORT_BLOCKER,
        measured=Pods(shape=shapes.PORT_BLOCKED, count=50, namespaces=("nodeports",)),
    ),
    Workload(
        name="event-handling-affinity",
        threshold=0,
        nodes=(Nodes(count=500),),
        blockers=shapes.AFFINITY_BLOCKER,
        measured=Pods(shape=shapes.AFFINITY_BLOCKED, count=500, namespaces=("interpodaffinity",)),
    ),
    Workload(
        name="gated",
        threshold=910,
        nodes=(Nodes(count=1, large=True),),
        before=(
            Pods(shape=shapes.GATED, count=10_000, namespaces=("gated",), waits=False),
            Pods(shape=shapes.LIGHT, count=20_000, namespaces=("deleting",)),
        ),
        deleted_per_second=50,
        measured=Pods(shape=shapes.LIGHT, count=20_000),
    ),
)
