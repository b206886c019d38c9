"""The Deployment controller: rolls out templates by scaling ReplicaSets.

Source: pkg/controller/deployment/deployment_controller.go, sync.go (v1.36).
"""

from contextlib import suppress

from msgspec.structs import replace

from kubeactors.api.apps.v1 import Deployment, ReplicaSet
from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery.labels import Selector, of_object
from kubeactors.apimachinery.meta import DeleteOptions, LabelSelector, Preconditions
from kubeactors.apimachinery.status import AlreadyExists, NotFound, StatusError
from kubeactors.client import (
    Change,
    Client,
    Controller,
    EventRecorder,
    Overlay,
    RecordEvent,
    SharedInformer,
    cluster_key,
    controller_of,
    is_controlled_by,
    is_namespace_terminating,
    key_of,
)
from kubeactors.client.expectations import AWAIT_SECONDS
from kubeactors.controllers.adoption import (
    CONTROLLER,
    ORPHANS,
    SELECTOR,
    adopt,
    by_controller,
    by_orphanhood,
    claim,
    release,
    selector_value,
)
from kubeactors.controllers.deployment.plan import Plan, Scaling, View, plan
from kubeactors.controllers.deployment.revisions import same_template
from kubeactors.controllers.deployment.sizes import size
from kubeactors.controllers.deployment.status import FAILED_CREATE, PROGRESSING, has_deadline, with_condition
from kubeactors.controllers.known import known
from kubeactors.controllers.pod_marks import ENDED, GONE
from kubeactors.controllers.podcontrol import while_there
from kubeactors.controllers.pods import FAILED, SUCCEEDED, label_values
from kubeactors.message import Recipient

SCALED = "ScalingReplicaSet"


class DeploymentController(Controller):
    """Applies the plan of each Deployment to its ReplicaSets, and writes its status."""

    def __init__(
        self,
        client: Client,
        events: Recipient[RecordEvent],
        *,
        deployments: SharedInformer[Deployment],
        replica_sets: SharedInformer[ReplicaSet],
        pods: SharedInformer[Pod],
    ) -> None:
        super().__init__()
        self._client = client
        self._events = events
        self._overlay: Overlay[ReplicaSet] = Overlay(replica_sets.lister)
        self._own: Overlay[Deployment] = Overlay(deployments.lister)
        pods.add_indexes({CONTROLLER: by_controller})
        replica_sets.add_indexes({CONTROLLER: by_controller, ORPHANS: by_orphanhood})
        deployments.add_indexes({SELECTOR: _by_selector})
        self._pods = pods.lister
        self._replica_sets = replica_sets.lister
        self._deployments = deployments.lister
        self.observe(deployments, self._on_deployment)
        self.observe(replica_sets, self._on_replica_set)
        self.observe(pods, self._on_pod, GONE | ENDED)

    def started(self) -> None:
        """Subscribe."""
        super().started()
        self._recorder = EventRecorder(self._events, self.ctx, "deployment-controller")

    # Events.

    def _on_deployment(self, change: Change[Deployment]) -> None:
        news = not self._own.seen(change)
        if change.new is None:
            self._overlay.forget(change.current.metadata.uid)
        elif news:
            self.enqueue(change.key)

    def _on_replica_set(self, change: Change[ReplicaSet]) -> None:
        self._overlay.seen(change)
        for one in (change.old, change.new):
            if one is not None:
                self._enqueue_owner(one)
        if change.new is not None and controller_of(change.new.metadata) is None:
            self._enqueue_selecting(change.new)

    def _on_pod(self, change: Change[Pod]) -> None:
        """Only the deletion of a pod matters, and only to a Deployment of strategy Recreate that waits for it."""
        pod = change.current
        if change.new is not None and pod.status.phase not in {SUCCEEDED, FAILED}:
            return
        reference = controller_of(pod.metadata)
        if reference is None or reference.kind != "ReplicaSet":
            return
        found = self._replica_sets.get(reference.name, pod.metadata.namespace)
        if found is not None and found.metadata.uid == reference.uid:
            self._enqueue_owner(found, recreating=True)

    def _enqueue_owner(self, found: ReplicaSet, *, recreating: bool = False) -> None:
        reference = controller_of(found.metadata)
        if reference is None or reference.kind != "Deployment":
            return
        key = cluster_key(found.metadata.namespace, reference.name)
        owner = self._deployments.by_key(key)
        if owner is not None and (not recreating or owner.spec.strategy.type == "Recreate"):
            self.enqueue(key)

    def _enqueue_selecting(self, found: ReplicaSet) -> None:
        for value in label_values(found.metadata.namespace, found.metadata.labels.items()):
            for key, one in self._deployments.by_index(SELECTOR, value).items():
                if of_object(one.spec.selector).matches(found.metadata.labels):
                    self.enqueue(key)

    # Sync.

    async def reconcile(self, key: str) -> None:
        """Plan and apply the next step of a Deployment."""
        found = await known(self, self._client, self._own, key, self._deployments.by_key(key))
        if found is None:
            return
        if found.spec.selector == LabelSelector():
            self._recorder.warning(
                found, "SelectingAll", "This deployment is selecting all pods. A non-empty selector is required."
            )
            return
        with while_there(found, self._deployments, self._overlay.forget):
            await self._reconcile(key, found)

    async def _reconcile(self, key: str, found: Deployment) -> None:
        owned = await self._claim(found)
        view = View(deployment=found, replica_sets=owned, populated=self._populated(found, owned), now=self.ctx.wall)
        await self._apply(found, plan(view))
        if self._overlay.lacking(found.metadata.uid):
            self.enqueue_after(key, AWAIT_SECONDS)  # a relist may miss an object that came and went

    async def _claim(self, found: Deployment) -> tuple[ReplicaSet, ...]:
        """Its ReplicaSets, after adoption and release, from the cache and our own writes.

        Expectations are not needed: names and resource versions show whether a write whose reply was lost took effect.
        """
        selector, uid = of_object(found.spec.selector), found.metadata.uid
        cached = self._replica_sets.by_index(CONTROLLER, uid)
        orphans = self._replica_sets.by_index(ORPHANS, selector_value(found.metadata.namespace, selector))
        claimed = claim(found, selector, self._overlay.group_with(uid, cached, orphans))
        await release(self._client, found, claimed.release)
        return (*claimed.owned, *await adopt(self._client, found, selector, claimed.adopt))

    def _populated(self, found: Deployment, owned: tuple[ReplicaSet, ...]) -> tuple[str, ...]:
        if found.spec.strategy.type != "Recreate":
            return ()
        selector = of_object(found.spec.selector)
        return tuple(one.metadata.uid for one in owned if self._has_live_pods(one, selector))

    def _has_live_pods(self, found: ReplicaSet, selector: Selector) -> bool:
        """Whether it has pods that have not finished. One whose labels no longer match is about to be released."""
        pods = self._pods.by_index(CONTROLLER, found.metadata.uid).values()
        return any(
            pod.status.phase not in {SUCCEEDED, FAILED} and selector.matches(pod.metadata.labels) for pod in pods
        )

    async def _apply(self, found: Deployment, step: Plan) -> None:
        if step.create is not None:
            await self._create(found, step.create)
        for scaling in step.updates:
            await self._update(found, scaling)
        for one in step.deletions:
            await self._delete(one)
        await self._write(found, step.deployment)
        if step.seconds is not None:
            self.enqueue_after(key_of(found), step.seconds)

    async def _create(self, found: Deployment, made: ReplicaSet) -> None:
        try:
            created = await self._client.create(made)
        except AlreadyExists:
            if not await self._is_ours(found, made):
                await self._avoid_collision(found)
                raise
            return
        except StatusError as error:
            if not is_namespace_terminating(error):
                await self._report_failure(found, made, error)
            raise
        self._overlay.created(found.metadata.uid, created)
        if size(created) > 0:
            self._recorder.normal(
                found, SCALED, f"Scaled up replica set {created.metadata.name} from 0 to {size(created)}"
            )

    async def _is_ours(self, found: Deployment, made: ReplicaSet) -> bool:
        """Whether the existing ReplicaSet of this name is the one to create: an earlier reply was lost."""
        there = await self._client.get(ReplicaSet, made.metadata.name, made.metadata.namespace)
        ours = is_controlled_by(there.metadata, found.metadata.uid)
        if ours and same_template(there.spec.template, found.spec.template):
            self._overlay.created(found.metadata.uid, there)
            self.enqueue(key_of(found))
            return True
        return False

    async def _avoid_collision(self, found: Deployment) -> None:
        """Another template has the same hash: raise the collision count that goes into the hash."""
        count = (found.status.collision_count or 0) + 1
        await self._write(found, replace(found, status=replace(found.status, collision_count=count)))

    async def _report_failure(self, found: Deployment, made: ReplicaSet, error: StatusError) -> None:
        message = f'Failed to create new replica set "{made.metadata.name}": {error}'
        self._recorder.warning(found, FAILED_CREATE, message)
        if has_deadline(found):
            failed = with_condition(found.status, PROGRESSING, "False", FAILED_CREATE, message, now=self.ctx.wall)
            await self._write(found, replace(found, status=failed))

    async def _update(self, found: Deployment, scaling: Scaling) -> None:
        try:
            written = await self._client.update(scaling.replica_set)
        except NotFound:
            self._overlay.deleted(scaling.replica_set)
            raise
        self._overlay.wrote(found.metadata.uid, written)
        if scaling.message:
            self._recorder.normal(found, SCALED, scaling.message)

    async def _delete(self, doomed: ReplicaSet) -> None:
        metadata = doomed.metadata
        seen = Preconditions(uid=metadata.uid, resource_version=metadata.resource_version)
        with suppress(NotFound):
            await self._client.delete(
                ReplicaSet, metadata.name, metadata.namespace, options=DeleteOptions(preconditions=seen)
            )
        self._overlay.deleted(doomed)

    async def _write(self, found: Deployment, wanted: Deployment) -> None:
        """Write status and annotations: the status subresource accepts both, so one write is enough."""
        if wanted is not found and (wanted.status != found.status or wanted.metadata is not found.metadata):
            self._own.wrote(key_of(found), await self._client.update_status(wanted))


def _by_selector(found: Deployment) -> tuple[str, ...]:
    """Index: see `SELECTOR`."""
    return (selector_value(found.metadata.namespace, of_object(found.spec.selector)),)
