"""The targets of faults: half of the faults share one component and one of its watches."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager

from kubeactors.sim.chaos.faults import HOT_NODE, AnyFault, ClearableStatus
from kubeactors.sim.grammar.source import Source
from kubeactors.sim.grammar.subjects import (
    CRON_JOB,
    DAEMON_SET,
    DEPLOYMENT,
    JOB,
    REPLICA_SET,
    REPLICATION_CONTROLLER,
    STATEFUL_SET,
)
from kubeactors.sim.processes import MANAGER, SCHEDULER

CONTROLLERS = ("garbagecollector", "namespace", "nodelifecycle", "taint-eviction", "podgc")
CONTROLLERS_OF: dict[str, tuple[str, ...]] = {
    DEPLOYMENT: ("replicaset", "deployment", "endpoints", "endpointslice"),
    STATEFUL_SET: ("statefulset", "persistentvolume-binder", "persistentvolume-provisioner", "endpoints"),
    DAEMON_SET: ("daemonset",),
    JOB: ("job",),
    CRON_JOB: ("cronjob", "job"),
    REPLICATION_CONTROLLER: ("replicationcontroller", "endpoints"),
    REPLICA_SET: ("replicaset", "endpoints"),
}
"""The controllers that work on a kind of workload."""
RESOURCES = (*("pods",) * 5, "nodes")
RESOURCES_OF: dict[str, tuple[str, ...]] = {
    DEPLOYMENT: (*("replicasets", "endpoints", "endpointslices", "deployments") * 2, "services"),
    STATEFUL_SET: (*("statefulsets",) * 3, "controllerrevisions", "persistentvolumeclaims", "persistentvolumes"),
    DAEMON_SET: (*("daemonsets",) * 2, "controllerrevisions", "nodes"),
    JOB: ("jobs",) * 3,
    CRON_JOB: ("cronjobs", "jobs", "jobs"),
    REPLICATION_CONTROLLER: ("replicationcontrollers",) * 3,
    REPLICA_SET: ("replicasets",) * 3,
}
"""What controllers watch for a kind of workload, important resources more than once."""
WRITTEN = ("pods", "pods", "nodes")
WRITTEN_OF: dict[str, tuple[str, ...]] = {
    DEPLOYMENT: ("replicasets", "deployments", "endpoints", "endpointslices"),
    STATEFUL_SET: ("statefulsets", "persistentvolumeclaims", "persistentvolumes", "controllerrevisions"),
    DAEMON_SET: ("daemonsets", "controllerrevisions"),
    JOB: ("jobs",),
    CRON_JOB: ("jobs", "cronjobs"),
    REPLICATION_CONTROLLER: ("replicationcontrollers",),
    REPLICA_SET: ("replicasets",),
}
"""What controllers write for it."""
CLEARABLE_OF: dict[str, tuple[ClearableStatus, ...]] = {
    DEPLOYMENT: ("deployments", "replicasets"),
    STATEFUL_SET: ("statefulsets",),
    DAEMON_SET: ("daemonsets",),
    REPLICATION_CONTROLLER: ("replicationcontrollers",),
    REPLICA_SET: ("replicasets",),
}
"""Kinds whose status can be recomputed."""
ALL_ONE_IN = 5
"""One fault in so many of those about a single resource is about all that the component watches or writes instead."""


class Aim:
    """Draws the targets of faults.

    Args:
        source: makes the choices.
        nodes: the names of the nodes.
        subjects: the kinds of the scenario's workloads.
    """

    def __init__(self, source: Source, nodes: tuple[str, ...], subjects: Sequence[str]) -> None:
        self.source = source
        self.nodes = nodes
        self._controllers = (*(one for kind in subjects for one in CONTROLLERS_OF[kind]), *CONTROLLERS)
        self._resources = (*RESOURCES, *(one for kind in subjects for one in RESOURCES_OF[kind]))
        self._written = (*WRITTEN, *(one for kind in subjects for one in WRITTEN_OF[kind]))
        self.clearable: tuple[ClearableStatus, ...] = (
            tuple(one for kind in subjects for one in CLEARABLE_OF.get(kind, ())) or CLEARABLE_OF[DEPLOYMENT]
        )
        self.focus: tuple[str, str] = self._any_watch()
        """The component, and its watch, that half of the faults target."""
        self.is_on_top: bool = False
        """Whether the fault is drawn on top of another one: then it always targets the focus."""
        self.times: tuple[float, ...] = ()
        """The times of user actions."""

    @contextmanager
    def on_top_of(self, before: AnyFault) -> Generator[None]:
        """Within the block faults are drawn for the target of another fault."""
        focus = self.focus
        self.focus, self.is_on_top = self._concerned(before), True
        try:
            yield
        finally:
            self.focus, self.is_on_top = focus, False

    # Components.

    def component(self) -> str:
        """Any component that talks to the API server."""
        return self.watch()[0]

    def node(self) -> str:
        """A node, or `hot-node`."""
        return self.source.choice((*self.nodes, HOT_NODE))

    def component_or_node(self) -> str:
        """A component to cut off: mostly a node, as nodes are the most numerous."""
        return self.component() if self.is_on_top or self.source.integer(0, 1) else self.node()

    def crashing(self) -> str:
        """A component in which an actor crashes: mostly the controller manager, as it has the most actors."""
        return self.source.choice((MANAGER, MANAGER, MANAGER, self.component()))

    def actor(self, component: str) -> str:
        """An actor that does the work of a component; empty for a kubelet itself."""
        if component == MANAGER:
            return self.source.choice(self._controllers)
        return component if component == SCHEDULER else ""

    # Watched and written resources.

    def watch(self) -> tuple[str, str]:
        """A component, and a resource that it watches."""
        return self.focus if self.is_on_top or not self.source.integer(0, 1) else self._any_watch()

    def some_watch(self) -> tuple[str, str]:
        """The same; or with an empty resource, for all that it watches."""
        component, resource = self.watch()
        return component, resource if self.source.integer(0, ALL_ONE_IN - 1) else ""

    def writes(self) -> tuple[str, str]:
        """A component, and a resource that it writes: preferably one that it watches."""
        component, resource = self.watch()
        written = self._written_by(component)
        return component, self.source.choice((resource, *written) if resource in written else written)

    def some_writes(self) -> tuple[str, str]:
        """The same; or with an empty resource, for all that it writes."""
        component, resource = self.writes()
        return component, resource if self.source.integer(0, ALL_ONE_IN - 1) else ""

    def may_interfere(self, _component: str) -> bool:
        """Whether users may interfere with objects that the component writes."""
        return True

    def _concerned(self, fault: AnyFault) -> tuple[str, str]:
        """A component and a watch that observe the effects of a fault, or are affected by it."""
        resource = getattr(fault, "resource", "")
        if hasattr(fault, "node") or hasattr(fault, "nodes"):
            options = (*((MANAGER, "nodes"),) * 3, (MANAGER, "pods"), (SCHEDULER, "nodes"), (self.node(), "pods"))
            return self.source.choice(options)
        component = getattr(fault, "component", "") or MANAGER
        watched = self._watched_by(component)
        return component, resource if resource in watched else self.source.choice(watched)

    def _any_watch(self) -> tuple[str, str]:
        component = self._any_component()
        return component, self.source.choice(self._watched_by(component))

    def _any_component(self) -> str:
        return self.source.choice((MANAGER, MANAGER, MANAGER, SCHEDULER, self.nodes[0], HOT_NODE))

    def _watched_by(self, component: str) -> tuple[str, ...]:
        if component == MANAGER:
            return self._resources
        return ("pods", "nodes") if component == SCHEDULER else ("pods",)

    def _written_by(self, component: str) -> tuple[str, ...]:
        if component == MANAGER:
            return self._written
        return ("pods",) if component == SCHEDULER else WRITTEN
