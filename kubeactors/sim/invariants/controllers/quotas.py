"""Invariant of resource quotas, computed from the stored objects without the code of the controller or of admission."""

from collections.abc import Callable, Iterator
from typing import ClassVar

from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND
from kubeactors.api.apiextensions.v1.customresourcedefinition import CustomResourceDefinition
from kubeactors.api.core.v1 import ConfigMap, PersistentVolumeClaim, Pod, PodTemplate, Secret, Service
from kubeactors.api.core.v1.demand import demand
from kubeactors.api.core.v1.resourcequota import ResourceQuota
from kubeactors.api.networking.v1.ingress import Ingress
from kubeactors.api.networking.v1.networkpolicy import NetworkPolicy
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.quantity import parse
from kubeactors.apimachinery.time import parse_time
from kubeactors.sim.bounds.rollouts import FINISHED
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.invariants.prompt import PromptInvariant
from kubeactors.sim.users.auxiliary import CUSTOM, Widget
from kubeactors.sim.world import Commit, World

KNOWN = 10 * SECOND
"""How soon after a fault of the servers each of them knows all quotas again."""
SEEN = SECOND
"""How long after a write admission knows a quota, without faults."""
COUNTED: dict[str, type[TypedObject]] = {
    "configmaps": ConfigMap,
    "count/configmaps": ConfigMap,
    "secrets": Secret,
    "services": Service,
    "persistentvolumeclaims": PersistentVolumeClaim,
    f"count/{CUSTOM}": Widget,
    "count/networkpolicies.networking.k8s.io": NetworkPolicy,
    "count/ingresses.networking.k8s.io": Ingress,
    "count/podtemplates": PodTemplate,
}
"""Resources that are counted by the number of objects."""


class QuotasAreEnforced(PromptInvariant):
    """Nothing is created beyond a quota of its namespace; when all is quiet, the status of quotas has the right usage."""

    name: ClassVar[str] = "quotas-are-enforced"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (
        Pod, ConfigMap, Secret, Service, PersistentVolumeClaim, Widget, NetworkPolicy, Ingress, PodTemplate, ResourceQuota
    )  # fmt: skip

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._since: dict[str, int] = {}
        """By uid: when a quota's spec last changed."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Check each created object."""
        now, current = self.root.kernel.now, commit.current
        if isinstance(current, ResourceQuota):
            if not isinstance(commit.old, ResourceQuota) or commit.old.spec != current.spec:
                self._since[current.metadata.uid] = now
        elif commit.old is None:
            for quota in self._quotas(current.metadata.namespace):
                known = max(self._since[quota.metadata.uid] + SEEN, self.world.faults.affected_until() + KNOWN)
                if known < now:
                    yield from self._look(quota, current)

    def _look(self, quota: ResourceQuota, made: TypedObject) -> Iterator[str]:
        for name, most in quota.spec.hard.items():
            used = self._used(quota, name)
            if used is not None and used > parse(most).nanos and self._amount(quota, name, made):
                yield f"{title(made)} was created, though {title(quota)} allows only {most} of {name}"

    def settled(self) -> Iterator[str]:
        """Compare each quota's status with the actual usage."""
        for quota in self.world.of(ResourceQuota).values():
            yield from self._compare(quota)

    def pending(self) -> Iterator[tuple[str, str]]:
        """The same, without quotas of namespaces with overdue pods.

        No event tells when a pod becomes overdue: it counts until the next full recount, which comes every few minutes.

        Source: resyncPeriod in pkg/controller/resourcequota/resource_quota_controller.go (v1.36).
        """
        for quota in self.world.of(ResourceQuota).values():
            pods = (one for one in self.world.terminating_pods() if one.metadata.namespace == quota.metadata.namespace)
            if not any(map(self._is_overdue, pods)):
                for problem in self._compare(quota):
                    yield problem, quota.metadata.resource_version

    def _compare(self, quota: ResourceQuota) -> Iterator[str]:
        if quota.status.hard != quota.spec.hard:
            yield f"{title(quota)} has status.hard {quota.status.hard}, but spec.hard {quota.spec.hard}"
        for name in quota.spec.hard:
            used, said = self._used(quota, name), quota.status.used.get(name, "0")
            if used is not None and parse(said).nanos != used:
                yield f"{title(quota)} reports {said} of {name} as used, but the usage is {used / SECOND:g}"

    def _quotas(self, namespace: str) -> Iterator[ResourceQuota]:
        return (one for one in self.world.of(ResourceQuota).values() if one.metadata.namespace == namespace)

    def _used(self, quota: ResourceQuota, name: str) -> int | None:
        """The usage in billionths; None if the kind is not defined, or if it is not computed here."""
        type_ = COUNTED.get(name) or _TYPES.get(name)
        is_undefined = name == f"count/{CUSTOM}" and not self.world.of(CustomResourceDefinition)
        if type_ is None or is_undefined or quota.spec.scope_selector is not None:
            return None
        return sum(
            self._amount(quota, name, one)
            for one in self.world.of(type_).values()
            if one.metadata.namespace == quota.metadata.namespace
        )

    def _amount(self, quota: ResourceQuota, name: str, one: TypedObject) -> int:
        """An object's share of the usage, in billionths."""
        if name in COUNTED:
            return SECOND if isinstance(one, COUNTED[name]) else 0
        if not isinstance(one, _TYPES[name]) or (isinstance(one, Pod) and not self._is_counted(quota, one)):
            return 0
        return _AMOUNTS[name](one)

    def _is_counted(self, quota: ResourceQuota, pod: Pod) -> bool:
        kept = pod.status.phase not in FINISHED and not self._is_overdue(pod)
        return kept and all(_is_in_scope(pod, scope) for scope in quota.spec.scopes)

    def _is_overdue(self, pod: Pod) -> bool:
        """Whether its grace period is over: then it does not count any more.

        Source: QuotaV1Pod in pkg/quota/v1/evaluator/core/pods.go (v1.36).
        """
        kernel, end = self.root.kernel, pod.metadata.deletion_timestamp
        return end is not None and parse_time(end) < kernel.wall + kernel.now


def _is_in_scope(pod: Pod, scope: str) -> bool:
    best_effort = not any(one.resources.requests or one.resources.limits for one in pod.spec.containers)
    ends = pod.spec.active_deadline_seconds is not None
    scopes = {
        "BestEffort": best_effort,
        "NotBestEffort": not best_effort,
        "Terminating": ends,
        "NotTerminating": not ends,
    }
    return scopes[scope]


def _cpu(pod: TypedObject) -> int:
    assert isinstance(pod, Pod)
    return demand(pod.spec).milli_cpu * (SECOND // 1000)


def _node_ports(service: TypedObject) -> int:
    assert isinstance(service, Service)
    return SECOND * len(service.spec.ports) if service.spec.type in {"NodePort", "LoadBalancer"} else 0


def _storage(claim: TypedObject) -> int:
    assert isinstance(claim, PersistentVolumeClaim)
    return parse(claim.spec.resources.requests.get("storage", "0")).nanos


_TYPES: dict[str, type[TypedObject]] = {
    "pods": Pod, "requests.cpu": Pod, "services.nodeports": Service, "requests.storage": PersistentVolumeClaim
}  # fmt: skip
_AMOUNTS: dict[str, Callable[[TypedObject], int]] = {
    "pods": lambda _: SECOND, "requests.cpu": _cpu, "services.nodeports": _node_ports, "requests.storage": _storage
}  # fmt: skip

INVARIANTS: tuple[type[Invariant], ...] = (QuotasAreEnforced,)
