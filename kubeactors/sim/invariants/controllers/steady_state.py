"""Invariants of the steady state: once all is quiet, nothing is left to delete, create, start or update."""

from collections.abc import Iterator
from typing import ClassVar, cast

from kubeactors.actor.cell import Cell
from kubeactors.api.apps.v1 import StatefulSet
from kubeactors.api.batch.v1 import Job
from kubeactors.api.core.v1 import ConfigMap, Namespace, Node, PersistentVolumeClaim, Pod, Secret, ServiceAccount
from kubeactors.api.core.v1.persistentvolume import PersistentVolume
from kubeactors.api.core.v1.resourcequota import ResourceQuota
from kubeactors.api.rbac.v1 import ClusterRole
from kubeactors.api.resource.v1 import ResourceClaim
from kubeactors.apimachinery.labels import of_object
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.quantity import value
from kubeactors.apimachinery.time import SECOND, parse_time
from kubeactors.client import cluster_key, controller_of, key_of
from kubeactors.controllers.pods import DISRUPTION_TARGET
from kubeactors.controllers.serviceaccount_tokens import TokensController
from kubeactors.sim.bounds.capacity import is_ours
from kubeactors.sim.bounds.goals import has_ended, waits_for_deleted_service, waits_for_others
from kubeactors.sim.bounds.rollouts import FINISHED, is_ready
from kubeactors.sim.invariants.controllers.volumes import claims_of, uses
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.invariants.prompt import PromptInvariant
from kubeactors.sim.tree import actors_of
from kubeactors.sim.users.certificates import ROOT_CA
from kubeactors.sim.users.manifests import joined_by
from kubeactors.sim.world import Commit, World

ACCOUNT, ROOT = "default", "kube-root-ca.crt"
COUNTED = ("configmaps", "count/configmaps")
"""The names under which a quota counts config maps."""
DESCRIPTION = "kubernetes.io/description"
TOKEN, ACCOUNT_NAME = "kubernetes.io/service-account-token", "kubernetes.io/service-account.name"
UNSCHEDULABLE = "node.kubernetes.io/unschedulable"
LATE = 5
"""How many seconds after its TTL a job may be deleted."""


class DeletionsAreCompleted(Invariant):
    """When all is quiet, no object is terminating without a reason, such as a claim in use or a bound volume."""

    name: ClassVar[str] = "deletions-are-completed"

    def settled(self) -> Iterator[str]:
        """Look at all objects."""
        for _, one in self.world.everything():
            if one.metadata.deletion_timestamp is not None and not self._is_held(one):
                yield f"{title(one)} is still terminating since {one.metadata.deletion_timestamp}, though nothing keeps it"

    def _is_held(self, one: TypedObject) -> bool:
        if isinstance(one, PersistentVolumeClaim):
            return any(uses(pod, one) for pod in self.world.of(Pod).values())
        if isinstance(one, PersistentVolume):
            return one.spec.claim_ref is not None and one.spec.claim_ref.uid in self.world.by_uid
        if isinstance(one, ResourceClaim):
            return bool(one.status.reserved_for)  # `device-claims-match-pods` checks these pods
        if isinstance(one, Pod):
            return self._waits_for_a_successor(one)
        if isinstance(one, StatefulSet):
            return waits_for_others(self.world, one)
        return isinstance(one, Node) and not is_ours(one)

    def _waits_for_a_successor(self, pod: Pod) -> bool:
        """Whether it may be the last failed pod of a job's index, whose annotations count the failures."""
        reference = controller_of(pod.metadata)
        job = self.world.by_uid.get(reference.uid) if reference is not None else None
        return isinstance(job, Job) and job.spec.backoff_limit_per_index is not None and not has_ended(job)


class NamespacesAreInitialized(PromptInvariant):
    """When all is quiet, every namespace has its default service account and its config map with the root CA.

    Unless a quota forbids the config map: users may exhaust it while the controller manager is away.
    """

    name: ClassVar[str] = "namespaces-are-initialized"
    reads: ClassVar[tuple[type[TypedObject], ...]] = (Namespace, ServiceAccount, ConfigMap, ResourceQuota)

    def settled(self) -> Iterator[str]:
        """Check each namespace."""
        for namespace in self.world.of(Namespace).values():
            name = namespace.metadata.name
            if self.world.find(ServiceAccount, ACCOUNT, name) is None:
                yield f"{title(namespace)} has no service account {ACCOUNT}"
            root = self.world.find(ConfigMap, ROOT, name)
            if root is None:
                if not self._is_full(name):
                    yield f"{title(namespace)} has no config map {ROOT}"
            elif root.data != {"ca.crt": ROOT_CA} or DESCRIPTION not in root.metadata.annotations:
                yield f"{title(root)} lacks its description, or the root CA: {root.data}"

    def _is_full(self, namespace: str) -> bool:
        """Whether a quota allows no further config map."""
        there = sum(1 for one in self.world.of(ConfigMap).values() if one.metadata.namespace == namespace)
        shares = (one.spec.hard for one in self.world.of(ResourceQuota).values() if one.metadata.namespace == namespace)
        return any(value(hard[name]) <= there for hard in shares for name in COUNTED if name in hard)


class TokensHaveServiceAccounts(Invariant):
    """When all is quiet, no token Secret lacks its service account, and no account refers to a Secret deleted since.

    Exempt are references to Secrets that no running controller has seen: one that starts or relists does not look for
    Secrets that came and went before (pkg/controller/serviceaccount/tokens_controller.go, v1.36).
    """

    name: ClassVar[str] = "tokens-have-service-accounts"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Secret,)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._gone: dict[str, tuple[int, list[TokensController]]] = {}
        """Deleted Secrets by key: the revision of the deletion, and the controllers that had the Secret in their cache."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Record each deleted Secret."""
        if commit.old is not None and commit.new is None:
            key = key_of(commit.old)
            self._gone[key] = (commit.revision, [one for one in self._controllers() if one._secrets.by_key(key)])  # noqa: SLF001 -- an invariant looks inside
        yield from ()

    def settled(self) -> Iterator[str]:
        """Check each token Secret, and the Secrets that service accounts refer to."""
        for secret in self.world.of(Secret).values():
            metadata = secret.metadata
            account = metadata.annotations.get(ACCOUNT_NAME, "")
            if secret.type == TOKEN and self.world.find(ServiceAccount, account, metadata.namespace) is None:
                yield f"{title(secret)} exists, but its service account {account} does not"
        for found in self.world.of(ServiceAccount).values():
            for one in found.secrets:
                if self._is_dangling(found, one.name):
                    yield f"{title(found)} refers to the Secret {one.name}, which is deleted"

    def _is_dangling(self, account: ServiceAccount, name: str) -> bool:
        namespace, written = account.metadata.namespace, int(account.metadata.resource_version)
        went, knew = self._gone.get(cluster_key(namespace, name), (0, []))
        if went <= written or self.world.find(Secret, name, namespace) is not None:
            return False
        return any(one is other for one in self._controllers() for other in knew)

    def _controllers(self) -> list[TokensController]:
        return [cast("TokensController", one) for _, one in actors_of(self.root, TokensController)]


class PodClaimsExist(PromptInvariant):
    """When all is quiet, the claims that pods use exist, except for pending pods that a user created by hand."""

    name: ClassVar[str] = "pod-claims-exist"
    reads: ClassVar[tuple[type[TypedObject], ...]] = (Pod, PersistentVolumeClaim)

    def settled(self) -> Iterator[str]:
        """Check each volume of each pod."""
        for pod in self.world.of(Pod).values():
            if pod.spec.node_name or controller_of(pod.metadata) is not None:
                for name in claims_of(pod):
                    missing = self.world.find(PersistentVolumeClaim, name, pod.metadata.namespace) is None
                    if missing and not self._was_deleted_before_binding(pod, name):
                        yield f"{title(pod)} uses the claim {name}, which does not exist"

    def _was_deleted_before_binding(self, pod: Pod, claim: str) -> bool:
        """Whether a user deleted the claim after creating the pod by hand, and before the pod was bound.

        Only the claims of bound pods are protected, and the scheduler's cache may still show one that is deleted.

        Source: podUsesPVC in pkg/controller/volume/pvcprotection/pvc_protection_controller.go (v1.36).
        """
        uid, namespace = pod.metadata.uid, pod.metadata.namespace
        states = [
            one for one in self.world.history_of(Pod, namespace, pod.metadata.name) if one.current.metadata.uid == uid
        ]
        if controller_of(pod.metadata) is not None or not states:
            return False
        bound = next((one.revision for one in states if isinstance(one.new, Pod) and one.new.spec.node_name), 0)
        claims = self.world.history_of(PersistentVolumeClaim, namespace, claim)
        return any(one.new is None and states[0].revision < one.revision < bound for one in claims)


class BoundPodsRun(Invariant):
    """When all is quiet, every bound pod runs and is ready, has finished, or waits for another pod that cannot become ready."""

    name: ClassVar[str] = "bound-pods-run"

    def settled(self) -> Iterator[str]:
        """Check each pod."""
        for pod in self.world.of(Pod).values():
            if pod.spec.node_name and pod.status.phase not in FINISHED:
                conditions = {one.type: one.status for one in pod.status.conditions}
                missing = [one for one in ("PodScheduled", "Initialized", "ContainersReady", "Ready")
                           if conditions.get(one) != "True"]  # fmt: skip
                if self._waits(pod):
                    continue
                if missing or pod.status.phase != "Running":
                    yield f"{title(pod)} is bound, but {pod.status.phase or 'in no phase'} and not {', '.join(missing)}"
                for what in _not_running(pod):
                    yield f"{title(pod)} is Running, but its {what}"

    def _waits(self, pod: Pod) -> bool:
        """Whether it waits for another pod, which is checked itself, or for a service that no longer has endpoints."""
        if waits_for_deleted_service(self.world, pod):
            return True
        name = joined_by(pod)
        first = self.world.find(Pod, name, pod.metadata.namespace) if name else None
        return bool(name) and name != pod.metadata.name and (first is None or not is_ready(first))


def _not_running(pod: Pod) -> Iterator[str]:
    """Containers that are not as in a running pod: init containers completed, all others running and ready."""
    spec, status = pod.spec, pod.status
    for wanted, found in (
        (spec.init_containers, status.init_container_statuses),
        (spec.containers, status.container_statuses),
    ):
        if sorted(one.name for one in wanted) != sorted(one.name for one in found):
            yield f"container statuses are only {[one.name for one in found]}"
    first = [one.name for one in spec.init_containers if one.restart_policy != "Always"]
    for one in (*status.init_container_statuses, *status.container_statuses):
        ended = one.state.terminated
        runs = one.state.running is not None and one.started and one.ready
        if not (ended is not None and not ended.exit_code if one.name in first else runs):
            yield f"container {one.name} is not"


class StaleDisruptionTargetsAreCleared(Invariant):
    """When all is quiet, no active pod has the condition DisruptionTarget: it was deleted, or the condition was reset.

    A component that evicts a pod may fail between setting the condition and deleting the pod.
    """

    name: ClassVar[str] = "stale-disruption-targets-are-cleared"

    def settled(self) -> Iterator[str]:
        """Check each active pod."""
        for pod in self.world.of(Pod).values():
            said = any(one.type == DISRUPTION_TARGET and one.status == "True" for one in pod.status.conditions)
            if said and pod.status.phase not in FINISHED:
                yield f"{title(pod)} still has the condition DisruptionTarget, but was not deleted"


class FinishedJobsExpire(Invariant):
    """When all is quiet, no finished job has outlived its `ttlSecondsAfterFinished`."""

    name: ClassVar[str] = "finished-jobs-expire"

    def settled(self) -> Iterator[str]:
        """Check each job with a TTL."""
        kernel = self.root.kernel
        for job in self.world.of(Job).values():
            kept = job.spec.ttl_seconds_after_finished
            ended = [one.last_transition_time for one in job.status.conditions
                     if one.type in ("Complete", "Failed") and one.status == "True"]  # fmt: skip
            if (
                kept is not None
                and ended
                and parse_time(ended[0] or "") + (kept + LATE) * SECOND < kernel.wall + kernel.now
            ):
                yield f"{title(job)} finished at {ended[0]} and still exists, though its TTL is {kept} s"


class ClusterRolesAreAggregated(PromptInvariant):
    """When all is quiet, an aggregated cluster role has exactly the rules of the roles that it selects."""

    name: ClassVar[str] = "cluster-roles-are-aggregated"
    reads: ClassVar[tuple[type[TypedObject], ...]] = (ClusterRole,)

    def settled(self) -> Iterator[str]:
        """Check each aggregated role."""
        roles = sorted(self.world.of(ClusterRole).values(), key=lambda one: one.metadata.name)
        for role in roles:
            if role.aggregation_rule is not None:
                selectors = [of_object(one) for one in role.aggregation_rule.cluster_role_selectors]
                parts = [one for one in roles if one is not role
                         and any(selector.matches(one.metadata.labels) for selector in selectors)]  # fmt: skip
                expected = [rule for one in parts for rule in one.rules or ()]
                if [one for one in role.rules or () if one not in expected]:
                    yield f"{title(role)} has rules that none of its aggregated roles has"
                for rule in expected:
                    if rule not in (role.rules or ()):
                        yield f"{title(role)} lacks the rule {rule} of an aggregated role"


class CordonedNodesAreTainted(PromptInvariant):
    """When all is quiet, exactly the cordoned nodes have the unschedulable taint."""

    name: ClassVar[str] = "cordoned-nodes-are-tainted"
    reads: ClassVar[tuple[type[TypedObject], ...]] = (Node,)

    def settled(self) -> Iterator[str]:
        """Check each node."""
        for node in self.world.of(Node).values():
            tainted = any(one.key == UNSCHEDULABLE for one in node.spec.taints)
            if tainted != bool(node.spec.unschedulable):
                has, cordoned = ("has the", "not cordoned") if tainted else ("lacks the", "cordoned")
                yield f"{title(node)} {has} unschedulable taint, but is {cordoned}"


INVARIANTS: tuple[type[Invariant], ...] = (
    DeletionsAreCompleted,
    NamespacesAreInitialized,
    TokensHaveServiceAccounts,
    PodClaimsExist,
    BoundPodsRun,
    StaleDisruptionTargetsAreCleared,
    FinishedJobsExpire,
    ClusterRolesAreAggregated,
    CordonedNodesAreTainted,
)
