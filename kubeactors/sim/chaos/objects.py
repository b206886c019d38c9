"""Corrupts stored objects: writes wrong fields straight into the store and restores them later, and clears statuses."""

from collections.abc import Callable
from functools import partial

from kubeactors.actor.errors import AskError
from kubeactors.actor.waits import Wait
from kubeactors.api import SCHEME
from kubeactors.api.apps.v1 import DaemonSet, Deployment, ReplicaSet, StatefulSet
from kubeactors.api.autoscaling.v2 import HorizontalPodAutoscaler
from kubeactors.api.core.v1 import Node, PersistentVolumeClaim, Pod, ReplicationController
from kubeactors.api.core.v1.persistentvolume import PersistentVolume
from kubeactors.api.core.v1.resourcequota import ResourceQuota
from kubeactors.api.policy.v1 import PodDisruptionBudget
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import ADMIN, MERGE_PATCH, Patch
from kubeactors.client import revision_of
from kubeactors.sim.bounds.capacity import is_ours
from kubeactors.sim.chaos.corruption import CORRUPTIBLE_TYPES, corrupted, restored
from kubeactors.sim.chaos.effects import Effects
from kubeactors.sim.chaos.faults import ClearableStatus, FieldCorrupted, ObjectFault, StatusCleared
from kubeactors.sim.network import STORE
from kubeactors.sim.processes import SERVER
from kubeactors.storage.messages import Compare, PutOp, Txn, TxnReply

CLEARABLE: dict[ClearableStatus, type[TypedObject]] = {
    "deployments": Deployment,
    "replicasets": ReplicaSet,
    "statefulsets": StatefulSet,
    "daemonsets": DaemonSet,
    "replicationcontrollers": ReplicationController,
    "persistentvolumes": PersistentVolume,
    "persistentvolumeclaims": PersistentVolumeClaim,
    "poddisruptionbudgets": PodDisruptionBudget,
    "resourcequotas": ResourceQuota,
    "horizontalpodautoscalers": HorizontalPodAutoscaler,
    "pods": Pod,
    "nodes": Node,
}
"""The kinds whose status can be recomputed from the rest of the cluster."""
RETRY_SECONDS = 0.1
"""How soon the restoring write is retried after a conflict."""


class Objects:
    """Corrupts stored objects.

    Args:
        effects: see `Effects`.
    """

    def __init__(self, effects: Effects) -> None:
        self._effects = effects
        self._world = effects.world

    def begin(self, fault: ObjectFault) -> None:
        """Begin the fault; it heals by itself."""
        match fault:
            case FieldCorrupted():
                self._corrupt(fault)
            case StatusCleared():
                self._clear_status(fault)

    def _corrupt(self, fault: FieldCorrupted) -> None:
        """Choose an object that has the field and corrupt it; restore it when the fault heals."""
        victims = sorted(
            (key, one, wrong)
            for type_ in CORRUPTIBLE_TYPES
            for key, one in self._world.of(type_).items()
            if (wrong := corrupted(fault.field, one)) is not one
        )
        if not victims:
            return
        key, before, wrong = victims[fault.number % len(victims)]

        def done(succeeded: bool) -> None:  # noqa: FBT001 -- it is a callback
            if succeeded:
                self._effects.count(fault)
                self._effects.after(fault.seconds, partial(self._restore, key, wrong, before))

        self._world.faults.corrupt(before)
        self._write(key, before, wrong, done)

    def _clear_status(self, fault: StatusCleared) -> None:
        """Clear the status of an object, as an administrator may."""
        types = CLEARABLE.values() if fault.resource == "any" else (CLEARABLE[fault.resource],)
        server, victims = (
            self._effects.processes.find(SERVER),
            [one for type_ in types for one in self._clearable(type_)],
        )
        if server is None or not victims:
            return
        found = victims[fault.number % len(victims)]
        self._effects.count(fault)
        lost = Patch(
            resource=SCHEME.resource_of(type(found)),
            namespace=found.metadata.namespace,
            name=found.metadata.name,
            subresource="status",
            patch_type=MERGE_PATCH,
            patch=b'{"status":{"conditions":null}}' if isinstance(found, Pod) else b'{"status":null}',
            user=ADMIN,
        )
        server.put((lost, None, Wait()))

    def _clearable(self, type_: type[TypedObject]) -> list[TypedObject]:
        """The objects of a kind whose status a component maintains, by name."""
        found = (one for _, one in sorted(self._world.of(type_).items()))
        return [one for one in found if not isinstance(one, Node) or is_ours(one)]

    def _restore(self, key: str, wrong: TypedObject, before: TypedObject) -> None:
        now = self._world.of(type(before)).get(key)
        if now is None or now.metadata.uid != before.metadata.uid:
            return
        right = restored(now, wrong, before)
        if right != now:
            self._write(key, now, right, partial(self._retry_unless, partial(self._restore, key, wrong, before)))

    def _retry_unless(self, action: Callable[[], object], succeeded: bool) -> None:  # noqa: FBT001 -- as above
        if not succeeded:
            self._effects.after(RETRY_SECONDS, action)

    def _write(self, key: str, now: TypedObject, value: TypedObject, done: Callable[[bool], object]) -> None:
        """Write an object straight into the store if it is still at the revision of `now`."""
        store, reply = self._effects.processes.find(STORE), Wait[object]()
        if store is None:
            done(False)
            return
        condition = Compare(key=key, mod_revision=revision_of(now.metadata))
        reply.waiter = partial(_tell, reply, done)
        store.put((Txn(compare=(condition,), success=(PutOp(key=key, value=value),)), None, reply))


def _tell(reply: Wait[object], done: Callable[[bool], object]) -> None:
    try:
        result = reply.result()
    except AskError:
        done(False)
    else:
        done(isinstance(result, TxnReply) and result.succeeded)
