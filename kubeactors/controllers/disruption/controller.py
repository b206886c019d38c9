"""The disruption controller: writes healthy pods and allowed disruptions to the status of each PodDisruptionBudget.

It also resets the DisruptionTarget condition of pods that were not disrupted after all; see `stale`.

Source: pkg/controller/disruption/disruption.go (v1.36).
"""

from contextlib import suppress

from msgspec.structs import replace

from kubeactors.api.apps.v1 import Deployment, ReplicaSet, StatefulSet
from kubeactors.api.core.v1 import Pod, ReplicationController
from kubeactors.api.policy.v1 import PodDisruptionBudget, PodDisruptionBudgetStatus
from kubeactors.apimachinery.intstr import IntOrStringError
from kubeactors.apimachinery.labels import of_object
from kubeactors.apimachinery.meta import OwnerReference
from kubeactors.apimachinery.status import NotFound
from kubeactors.client import (
    Change,
    Client,
    Controller,
    EventRecorder,
    Lister,
    Overlay,
    RecordEvent,
    SharedInformer,
    controller_of,
    key_of,
)
from kubeactors.controllers.adoption import SELECTOR, selector_value
from kubeactors.controllers.backends import LABELS
from kubeactors.controllers.disruption.plan import (
    View,
    failed,
    needs_scales,
    plan,
    unmanaged_message,
)
from kubeactors.controllers.disruption.stale import STALE_SECONDS, is_target, reset, seconds_to_stale
from kubeactors.controllers.known import known
from kubeactors.controllers.pod_marks import DISRUPTED, SERVES
from kubeactors.controllers.pods import by_labels, is_ready, label_values
from kubeactors.message import Recipient

BATCH_SECONDS = 0.02
"""How long pod changes are batched."""

POD_KEY = "pod:"
"""Prefix of the keys of pods; all other keys are of budgets."""


class UnknownScaleError(Exception):
    """The desired number of pods of a controller is unknown."""


class DisruptionController(Controller):
    """Maintains the status of PodDisruptionBudgets."""

    def __init__(  # noqa: PLR0913 -- one informer for each kind whose scale counts
        self,
        client: Client,
        events: Recipient[RecordEvent],
        *,
        budgets: SharedInformer[PodDisruptionBudget],
        pods: SharedInformer[Pod],
        replica_sets: SharedInformer[ReplicaSet],
        deployments: SharedInformer[Deployment],
        stateful_sets: SharedInformer[StatefulSet],
        replication_controllers: SharedInformer[ReplicationController],
    ) -> None:
        super().__init__()
        self._client = client
        self._events = events
        pods.add_indexes({LABELS: by_labels})
        budgets.add_indexes({SELECTOR: _by_selector})
        self._budgets = budgets.lister
        self._overlay: Overlay[PodDisruptionBudget] = Overlay(budgets.lister)
        self._pods = pods.lister
        self._replica_sets = replica_sets.lister
        self._deployments = deployments.lister
        self._stateful_sets = stateful_sets.lister
        self._replication_controllers = replication_controllers.lister
        self.observe(budgets, self._on_budget)
        self.observe(pods, self._on_pod, SERVES | DISRUPTED, concerns=self._is_of_interest)
        self.observe(replica_sets, self._on_scaled, concerns=self._is_counted)
        self.observe(deployments, self._on_scaled, concerns=self._is_counted)
        self.observe(stateful_sets, self._on_scaled, concerns=self._is_counted)
        self.observe(replication_controllers, self._on_scaled, concerns=self._is_counted)

    def started(self) -> None:
        """Subscribe."""
        super().started()
        self._recorder = EventRecorder(self._events, self.ctx, "controllermanager")

    # Events.

    def _on_budget(self, change: Change[PodDisruptionBudget]) -> None:
        if not self._overlay.seen(change) and change.new is not None:
            self.enqueue(change.key)

    def _is_counted(self, _change: object) -> bool:
        """Whether there are budgets at all. A new budget counts all that the listers show then."""
        return len(self._budgets) > 0

    def _is_of_interest(self, change: Change[Pod]) -> bool:
        return self._is_counted(change) or (change.new is not None and is_target(change.new))

    def _on_pod(self, change: Change[Pod]) -> None:
        old, new = change.old, change.new
        seconds = seconds_to_stale(new, self.ctx.wall) if new is not None else None
        if seconds is not None:
            self.enqueue_after(POD_KEY + change.key, seconds)
        if old is None or new is None or _counts_differently(old, new):
            for pod in (old, new):
                if pod is not None:
                    self._enqueue_selecting(pod)

    def _enqueue_selecting(self, pod: Pod) -> None:
        for value in label_values(pod.metadata.namespace, pod.metadata.labels.items()):
            for key, budget in self._budgets.by_index(SELECTOR, value).items():
                if of_object(budget.spec.selector).matches(pod.metadata.labels):
                    self.enqueue_after(key, BATCH_SECONDS)

    def _on_scaled(self, change: Change[ReplicaSet] | Change[Deployment] | Change[StatefulSet]
                   | Change[ReplicationController]) -> None:  # fmt: skip
        """A controller was scaled: enqueue the budgets whose selectors match its pods."""
        old, new = change.old, change.new
        if old is not None and new is not None and old.spec.replicas == new.spec.replicas:
            return
        namespace = change.current.metadata.namespace
        template = change.current.spec.template
        labels = {} if template is None else template.metadata.labels
        for value in label_values(namespace, labels.items()):
            for key in self._budgets.by_index(SELECTOR, value):
                self.enqueue_after(key, BATCH_SECONDS)

    # Sync.

    async def reconcile(self, key: str) -> None:
        """Sync a budget, or a pod with the condition DisruptionTarget."""
        if key.startswith(POD_KEY):
            await self._reset_condition(key)
        else:
            await self._sync_budget(key)

    async def _reset_condition(self, key: str) -> None:
        pod = self._pods.by_key(key.removeprefix(POD_KEY))
        seconds = seconds_to_stale(pod, self.ctx.wall) if pod is not None else None
        if pod is None or seconds is None:
            return
        if 0 < seconds < STALE_SECONDS:  # the full time can only be left by another clock, and has been waited for
            self.enqueue_after(key, seconds)
        else:
            with suppress(NotFound):
                await self._client.update_status(reset(pod, self.ctx.timestamp()))

    async def _sync_budget(self, key: str) -> None:
        """Sync the status of a budget."""
        budget = await known(self, self._client, self._overlay, key, self._budgets.by_key(key))
        if budget is None:
            return
        pods = self._pods_of(budget)
        if not pods:
            self._recorder.normal(budget, "NoPods", "No matching pods found")
        try:
            scales = self._scales(pods) if needs_scales(budget) else {}
            planned = plan(View(budget=budget, pods=pods, scales=scales, now=self.ctx.wall))
        except (UnknownScaleError, IntOrStringError) as error:
            message = f"Failed to calculate the number of expected pods: {error}"
            self._recorder.warning(budget, "CalculateExpectedPodCountFailed", message)
            await self._write(budget, failed(budget, str(error), self.ctx.wall))
            return
        if planned.unmanaged:
            self._recorder.warning(budget, "UnmanagedPods", unmanaged_message(budget))
        for pod in planned.not_deleted:
            message = f"Pod was expected by PDB {key} to be deleted but it wasn't"
            self._recorder.warning(pod, "NotDeleted", message)
        await self._write(budget, planned.status)
        if planned.wait_seconds is not None:
            self.enqueue_after(key, planned.wait_seconds)

    async def _write(self, budget: PodDisruptionBudget, status: PodDisruptionBudgetStatus) -> None:
        if status != budget.status:
            written = await self._client.update_status(replace(budget, status=status))
            self._overlay.wrote(key_of(written), written)

    def _pods_of(self, budget: PodDisruptionBudget) -> tuple[Pod, ...]:
        if budget.spec.selector is None:
            return ()
        selector = of_object(budget.spec.selector)
        candidates = self._pods.by_index(LABELS, selector_value(budget.metadata.namespace, selector))
        return tuple(pod for pod in candidates.values() if selector.matches(pod.metadata.labels))

    def _scales(self, pods: tuple[Pod, ...]) -> dict[str, int]:
        """The desired number of pods of each of their controllers, by its UID.

        Raises:
            UnknownScaleError: one of them is unknown.
        """
        found: dict[str, int] = {}
        seen: dict[str, None] = {}
        for pod in pods:
            owner = controller_of(pod.metadata)
            if owner is not None and owner.uid not in seen:
                seen[owner.uid] = None
                uid, wanted = self._scale(pod, owner)
                found[uid] = wanted
        return found

    def _scale(self, pod: Pod, owner: OwnerReference) -> tuple[str, int]:
        namespace = pod.metadata.namespace
        if owner.kind == "ReplicaSet":
            return self._scale_of_replica_set(namespace, owner, pod)
        listers: dict[str, Lister[StatefulSet] | Lister[ReplicationController]] = {
            "StatefulSet": self._stateful_sets,
            "ReplicationController": self._replication_controllers,
        }
        lister = listers.get(owner.kind)
        if lister is None:
            raise UnknownScaleError(f"{owner.kind.lower()}s.{_group(owner)} does not implement the scale subresource")
        found = lister.get(owner.name, namespace)
        if found is None or found.metadata.uid != owner.uid:
            raise UnknownScaleError(f'found no controllers for pod "{pod.metadata.name}"')
        return owner.uid, found.spec.replicas or 0

    def _scale_of_replica_set(self, namespace: str, owner: OwnerReference, pod: Pod) -> tuple[str, int]:
        """The scale of its Deployment, if it has one, so that the two ReplicaSets of a rollout count once."""
        found = self._replica_sets.get(owner.name, namespace)
        if found is None or found.metadata.uid != owner.uid:
            raise UnknownScaleError(f'found no controllers for pod "{pod.metadata.name}"')
        above = controller_of(found.metadata)
        if above is None or above.kind != "Deployment":
            return owner.uid, found.spec.replicas or 0
        deployment = self._deployments.get(above.name, namespace)
        if deployment is None or deployment.metadata.uid != above.uid:
            return owner.uid, found.spec.replicas or 0
        return above.uid, deployment.spec.replicas or 0


def _counts_differently(old: Pod, new: Pod) -> bool:
    before, after = old.metadata, new.metadata
    return (
        is_ready(old) != is_ready(new)
        or (before.deletion_timestamp is None) != (after.deletion_timestamp is None)
        or before.labels != after.labels
        or before.owner_references != after.owner_references
    )


def _group(owner: OwnerReference) -> str:
    return owner.api_version.partition("/")[0]


def _by_selector(budget: PodDisruptionBudget) -> tuple[str, ...]:
    """Index: see `SELECTOR`. A budget without a selector covers no pods."""
    selector = budget.spec.selector
    return () if selector is None else (selector_value(budget.metadata.namespace, of_object(selector)),)
