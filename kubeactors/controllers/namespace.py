"""The namespace controller: empties namespaces that are being deleted, then finalizes them.

Source: pkg/controller/namespace/namespace_controller.go, deletion/namespaced_resources_deleter.go,
deletion/status_condition_utils.go (v1.36). Pods are deleted first, as in the original since v1.34.
"""

from collections.abc import Iterable, Mapping

import msgspec
from msgspec.structs import replace

from kubeactors.api.core.v1 import Namespace, NamespaceCondition, Pod
from kubeactors.apimachinery.meta import HasMeta, TypedObject
from kubeactors.apimachinery.requests import DeleteCollection, GroupVersionResource, List
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apimachinery.status import StatusError
from kubeactors.client import Change, Client, Controller, SharedInformer
from kubeactors.controllers.conditions import find

FINALIZER = "kubernetes"
TERMINATING = "Terminating"

FIRST_DELAY_SECONDS = 0.1
"""A grace period: requests admitted before the namespace was terminating have finished by then."""

FINALIZER_SECONDS = 1.0
"""How often to check whether the finalizers of the content are gone."""

MAX_GRACE_SECONDS = 15.0
"""Check at least this often: pods with a long grace period may terminate sooner."""

DISCOVERY = "NamespaceDeletionDiscoveryFailure"
PARSING = "NamespaceDeletionGroupVersionParsingFailure"
CONTENT_FAILURE = "NamespaceDeletionContentFailure"
CONTENT_REMAINING = "NamespaceContentRemaining"
FINALIZERS_REMAINING = "NamespaceFinalizersRemaining"


class Remains(msgspec.Struct, frozen=True, kw_only=True):
    """The content that an attempt to empty a namespace left."""

    instances: Mapping[str, int]
    """How many objects are left, by resource and group, such as `deployments.apps`."""
    finalizers: Mapping[str, int]
    """How many objects each finalizer blocks."""
    grace_seconds: int = 0
    """The longest grace period of the remaining pods."""
    errors: tuple[str, ...] = ()

    @property
    def seconds(self) -> float | None:
        """When to try again; None if nothing is left."""
        if not self.instances and not self.errors:
            return None
        return FINALIZER_SECONDS + min(self.grace_seconds / 2, MAX_GRACE_SECONDS)


class NamespaceController(Controller):
    """Deletes the content of a terminating namespace, and removes its finalizer once it is empty."""

    concurrency = 10

    def __init__(self, client: Client, *, namespaces: SharedInformer[Namespace]) -> None:
        super().__init__()
        self._client = client
        self._namespaces = namespaces.lister
        self._attempted: dict[str, None] = {}
        """The UIDs of namespaces that were emptied once already: what is left now goes into their conditions."""
        self.observe(namespaces, self._on_namespace)

    def _on_namespace(self, change: Change[Namespace]) -> None:
        if change.new is None:
            self._attempted.pop(change.current.metadata.uid, None)
        elif change.new.metadata.deletion_timestamp is not None:
            self.enqueue_after(change.key, FIRST_DELAY_SECONDS)

    async def reconcile(self, key: str) -> None:
        """Delete the content; finalize the namespace if nothing is left."""
        found = await self._client.find(Namespace, key) if self._namespaces.by_key(key) is not None else None
        if found is None or found.metadata.deletion_timestamp is None or FINALIZER not in found.spec.finalizers:
            return
        remains = await self._empty(key)
        if remains.seconds is None:
            await self._finalize(found)
            return
        if found.metadata.uid in self._attempted:
            await self._report(found, remains)
        self._attempted[found.metadata.uid] = None
        self.enqueue_after(key, remains.seconds)

    async def _report(self, found: Namespace, remains: Remains) -> None:
        conditions = conditions_after(found.status.conditions, remains, self.ctx.timestamp())
        if conditions != found.status.conditions or found.status.phase != TERMINATING:
            status = replace(found.status, phase=TERMINATING, conditions=conditions)
            await self._client.update_status(replace(found, status=status))

    async def _finalize(self, found: Namespace) -> None:
        finalizers = tuple(one for one in found.spec.finalizers if one != FINALIZER)
        finalized = replace(found, spec=replace(found.spec, finalizers=finalizers))
        await self._client.update(finalized, subresource="finalize")

    async def _empty(self, namespace: str) -> Remains:
        pods = self._client.resource(Pod)
        remains = await self._delete_all(namespace, (pods,))
        if remains.seconds is not None:
            return remains
        others = [one.gvr for one in self._client.scheme if _has_content(one) and one.gvr != pods]
        return await self._delete_all(namespace, others)

    async def _delete_all(self, namespace: str, resources: Iterable[GroupVersionResource]) -> Remains:
        instances: dict[str, int] = {}
        finalizers: dict[str, int] = {}
        errors: list[str] = []
        grace = 0
        for resource in resources:
            try:
                left = await self._delete_resource(namespace, resource)
            except StatusError as error:
                errors.append(str(error))
                continue
            if left:
                instances[f"{resource.resource}.{resource.group}"] = len(left)
            for one in left:
                grace = max(grace, one.metadata.deletion_grace_period_seconds or 0)
                for finalizer in one.metadata.finalizers:
                    finalizers[finalizer] = finalizers.get(finalizer, 0) + 1
        return Remains(instances=instances, finalizers=finalizers, grace_seconds=grace, errors=tuple(errors))

    async def _delete_resource(self, namespace: str, resource: GroupVersionResource) -> tuple[HasMeta, ...]:
        user = self._client.user
        listing = List(resource=resource, namespace=namespace, user=user)
        if not (await self._client.send(listing)).items:
            return ()
        await self._client.send(DeleteCollection(resource=resource, namespace=namespace, user=user))
        return (await self._client.send(listing)).items


def _has_content(kind: Kind[TypedObject]) -> bool:
    """Whether namespaces contain stored objects of this kind."""
    return kind.namespaced and kind.stored and {"deletecollection", "list"}.issubset(kind.verbs)


def conditions_after(
    conditions: tuple[NamespaceCondition, ...], remains: Remains, timestamp: str
) -> tuple[NamespaceCondition, ...]:
    """The conditions of a namespace with these remains, in the order of the original."""
    found = (
        _condition(DISCOVERY, "False", "ResourcesDiscovered", "All resources successfully discovered"),
        _condition(PARSING, "False", "ParsedGroupVersions", "All legacy kube types successfully parsed"),
        _content_failure(remains),
        _content_remaining(remains),
        _finalizers_remaining(remains),
    )
    return tuple(_since(one, find(conditions, one.type), timestamp) for one in found)


def _content_failure(remains: Remains) -> NamespaceCondition:
    if not remains.errors:
        message = "All content successfully deleted, may be waiting on finalization"
        return _condition(CONTENT_FAILURE, "False", "ContentDeleted", message)
    errors = ", ".join(sorted(remains.errors))
    message = f"Failed to delete all resource types, {len(remains.errors)} remaining: {errors}"
    return _condition(CONTENT_FAILURE, "True", "ContentDeletionFailed", message)


def _content_remaining(remains: Remains) -> NamespaceCondition:
    if not remains.instances:
        return _condition(CONTENT_REMAINING, "False", "ContentRemoved", "All content successfully removed")
    left = ", ".join(
        sorted(f"{resource} has {count} resource instances" for resource, count in remains.instances.items())
    )
    return _condition(CONTENT_REMAINING, "True", "SomeResourcesRemain", f"Some resources are remaining: {left}")


def _finalizers_remaining(remains: Remains) -> NamespaceCondition:
    if not remains.finalizers:
        message = "All content-preserving finalizers finished"
        return _condition(FINALIZERS_REMAINING, "False", "ContentHasNoFinalizers", message)
    left = ", ".join(sorted(f"{name} in {count} resource instances" for name, count in remains.finalizers.items()))
    message = f"Some content in the namespace has finalizers remaining: {left}"
    return _condition(FINALIZERS_REMAINING, "True", "SomeFinalizersRemain", message)


def _condition(type_: str, status: str, reason: str, message: str) -> NamespaceCondition:
    return NamespaceCondition(type=type_, status=status, reason=reason, message=message)


def _since(new: NamespaceCondition, old: NamespaceCondition | None, timestamp: str) -> NamespaceCondition:
    """The condition with the time of its last transition."""
    kept = old is not None and old.status == new.status
    return replace(new, last_transition_time=old.last_transition_time if kept and old is not None else timestamp)
