"""Reconciles definitions and resources: accepts names, serves kinds, and deletes the objects of a deleted definition.

Source: apiextensions-apiserver/pkg/controller/{status,establish,finalizer}, pkg/apiserver/customresource_handler.go
(v1.36).
"""

from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar, cast

from msgspec.structs import replace

from kubeactors.api.apiextensions.v1.customresourcedefinition import (
    CLEANUP,
    ESTABLISHED,
    TERMINATING,
    CustomResourceDefinition,
    CustomResourceDefinitionCondition,
    CustomResourceDefinitionStatus,
    is_true,
)
from kubeactors.api.apiextensions.v1.kinds import GROUP
from kubeactors.api.apiextensions.v1.served import kinds_of
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import NO_DELETE_OPTIONS, GroupVersionResource, UserInfo
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apimachinery.status import NotFound, StatusError
from kubeactors.apiserver.admission.plugin import DELETE, UPDATE, Attributes
from kubeactors.apiserver.cacher import Cacher
from kubeactors.apiserver.changes import Change
from kubeactors.apiserver.customresources.naming import named, with_condition
from kubeactors.apiserver.objects import with_metadata
from kubeactors.apiserver.registry.metadata import Environment
from kubeactors.apiserver.registry.registry import Registry
from kubeactors.apiserver.registry.resource import Resource, Transform
from kubeactors.apiserver.selection import Selection

T = TypeVar("T", bound=TypedObject)

DEFINITIONS = GroupVersionResource(GROUP, "v1", "customresourcedefinitions")
SELF = UserInfo(name="system:apiserver", groups=("system:masters",))


class Served(Protocol):
    """The resources that the server serves."""

    def serve(self, crd: CustomResourceDefinition, kinds: tuple[Kind[TypedObject], ...]) -> None:
        """Serve these kinds of a definition, and no others."""
        ...

    def close(self, name: str) -> None:
        """Reject new objects of a definition."""
        ...

    def withdraw(self, name: str) -> None:
        """Stop serving a definition."""
        ...

    def stored(self, name: str) -> Resource | None:
        """The resource of the storage version of a definition, if it is served."""
        ...


class Definitions:
    """Observes definitions. `wake` is called when a `settle` is needed."""

    def __init__(
        self, registry: Registry, resource: Resource, cacher: Cacher, served: Served, environment: Environment
    ) -> None:
        self._registry = registry
        self._resource = resource
        self._cacher = cacher
        self._served = served
        self._environment = environment
        self._dirty: dict[str, None] = {}
        self.wake: Callable[[], None] = lambda: None

    def concerns(self, kind: Kind[TypedObject]) -> bool:
        """Whether it is CustomResourceDefinition, or a custom kind."""
        return kind.custom or kind.gvr == DEFINITIONS

    def observe(self, kind: Kind[TypedObject], change: Change) -> None:
        """Queue a changed definition and the others of its group; and a terminating one with each deleted object."""
        if kind.custom and change.current is None:
            self._note_going(f"{kind.resource}.{kind.group}")
        if kind.gvr != DEFINITIONS:
            return
        value = change.current or change.previous
        assert value is not None, "a change has an object"
        self._note(cast("CustomResourceDefinition", value))

    def _note_going(self, name: str) -> None:
        crd = self._cacher.get(DEFINITIONS, "", name)
        if crd is not None and crd.metadata.deletion_timestamp is not None:
            self._dirty[name] = None
            self.wake()

    def reset(self) -> None:
        """Queue all definitions: the cache was primed again."""
        self._dirty.update((one.metadata.name, None) for one in self._all())
        if self._dirty:
            self.wake()

    async def settle(self) -> None:
        """Reconcile the queued definitions: names, conditions, served kinds, and deletion."""
        while self._dirty:
            name = next(iter(self._dirty))
            del self._dirty[name]
            found = self._cacher.get(DEFINITIONS, "", name)
            if found is None:
                self._served.withdraw(name)
            else:
                await self._settle(cast("CustomResourceDefinition", found))

    def _all(self) -> Iterator[CustomResourceDefinition]:
        return cast("Iterator[CustomResourceDefinition]", self._cacher.select(DEFINITIONS))

    def _note(self, crd: CustomResourceDefinition) -> None:
        for one in self._all():
            if one.spec.group == crd.spec.group:
                self._dirty[one.metadata.name] = None
        self._dirty[crd.metadata.name] = None
        self.wake()

    async def _settle(self, crd: CustomResourceDefinition) -> None:
        self._serve(crd)
        if crd.metadata.deletion_timestamp is not None:
            await self._clean(crd)
            return
        status = self._named(crd)
        if status != crd.status:
            await self._write(crd, lambda now: replace(now, status=self._named(now)), "status")

    def _serve(self, crd: CustomResourceDefinition) -> None:
        if is_true(crd, ESTABLISHED):
            self._served.serve(crd, kinds_of(crd))
        else:
            self._served.withdraw(crd.metadata.name)

    def _named(self, crd: CustomResourceDefinition) -> CustomResourceDefinitionStatus:
        name, group = crd.metadata.name, crd.spec.group
        others = [one for one in self._all() if one.spec.group == group and one.metadata.name != name]
        return named(crd, others, self._environment.timestamp())

    async def _clean(self, crd: CustomResourceDefinition) -> None:
        """Delete its objects; its finalizer is removed when none are left."""
        if CLEANUP not in crd.metadata.finalizers:
            return
        self._served.close(crd.metadata.name)
        if not is_true(crd, TERMINATING):
            await self._write(crd, self._terminating, "status")
        resource = self._served.stored(crd.metadata.name)
        if resource is not None and not await self._emptied(resource):
            return  # some have finalizers: each later deletion queues the definition again
        await self._write(crd, _without_cleanup, "")

    def _terminating(self, crd: CustomResourceDefinition) -> CustomResourceDefinition:
        condition = CustomResourceDefinitionCondition(
            type=TERMINATING,
            status="True",
            reason="InstanceDeletionInProgress",
            message="CustomResource deletion is in progress",
        )
        return replace(crd, status=with_condition(crd.status, condition, self._environment.timestamp()))

    async def _emptied(self, resource: Resource) -> bool:
        """Delete all objects of a resource; whether none are left."""
        gone = True
        for one in tuple(resource.cache.objects.select(Selection())):
            metadata = one.metadata
            attributes = _attributes(DELETE, resource, metadata.namespace, metadata.name)
            try:
                gone = (await self._registry.delete(resource, attributes, NO_DELETE_OPTIONS))[1] and gone
            except NotFound:
                continue
        return gone

    async def _write(
        self,
        crd: CustomResourceDefinition,
        change: Callable[[CustomResourceDefinition], CustomResourceDefinition],
        subresource: str,
    ) -> None:
        name = crd.metadata.name

        def changed(current: TypedObject | None) -> TypedObject:
            if current is None:
                raise self._resource.missing(name)
            return change(cast("CustomResourceDefinition", current))

        attributes = replace(_attributes(UPDATE, self._resource, "", name), subresource=subresource)
        transform: Transform = changed
        try:
            await self._registry.update(self._resource, attributes, transform)
        except StatusError:
            return  # it was changed or deleted: that queues it again


def _attributes(operation: str, resource: Resource, namespace: str, name: str) -> Attributes:
    return Attributes(operation=operation, kind=resource.kind, namespace=namespace, name=name, user=SELF)


def _without_cleanup(crd: CustomResourceDefinition) -> CustomResourceDefinition:
    finalizers = tuple(one for one in crd.metadata.finalizers if one != CLEANUP)
    return with_metadata(crd, replace(crd.metadata, finalizers=finalizers))
