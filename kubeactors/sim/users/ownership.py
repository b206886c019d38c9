"""Owners and their dependents."""

from collections.abc import Awaitable
from functools import partial

from msgspec.structs import replace

from kubeactors.api.apiextensions.v1.customresourcedefinition import CustomResourceDefinition
from kubeactors.api.core.v1 import ConfigMap
from kubeactors.apimachinery.meta import DeleteOptions, OwnerReference, TypedObject
from kubeactors.apimachinery.status import NotFound
from kubeactors.sim.users.auxiliary import CUSTOM, HELD, Widget, definition, owned
from kubeactors.sim.users.manifests import NAMESPACE
from kubeactors.sim.users.session import Session
from kubeactors.sim.workload import CreateDefinition, CreateOwnedObject, DeleteDefinition, DeleteOwner, OwnershipAction

RELEASE_ATTEMPTS = 60
"""How often removing a finalizer is retried: it must succeed."""


class Ownership:
    """Performs actions on them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def do(self, action: OwnershipAction) -> Awaitable[None]:
        """Perform the action."""
        match action:
            case CreateDefinition():
                return self._session.ensure(definition())
            case DeleteDefinition():
                return self._session.remove(CustomResourceDefinition, CUSTOM, "")
            case CreateOwnedObject():
                return self._create(action)
            case DeleteOwner():
                return self._delete(action)

    async def _create(self, action: CreateOwnedObject) -> None:
        found = [await self._find(name) for name in action.owners]
        references = [_reference(one, first=not index) for index, one in enumerate(one for one in found if one)]
        await self._session.ensure(owned(action, tuple(references)))
        if action.held_seconds:
            await self._session.sleep(action.held_seconds)
            await self._session.insist(partial(self._release, action.name), RELEASE_ATTEMPTS)

    async def _find(self, name: str) -> TypedObject | None:
        try:
            return await self._session.client.find(_type(name), name, NAMESPACE)
        except NotFound:
            return None  # not even its kind exists

    async def _release(self, name: str) -> None:
        live = await self._find(name)
        if live is not None and HELD in live.metadata.finalizers:
            kept = tuple(one for one in live.metadata.finalizers if one != HELD)
            await self._session.client.update(replace(live, metadata=replace(live.metadata, finalizers=kept)))

    async def _delete(self, action: DeleteOwner) -> None:
        session, live = self._session, await self._find(action.name)
        if live is not None:
            session.world.intents.deletes(live)
            session.world.intents.deletes_owner(live, action.propagation)
            options = DeleteOptions(propagation_policy=action.propagation)
            await session.client.delete(_type(action.name), action.name, NAMESPACE, options=options)


def _type(name: str) -> type[TypedObject]:
    return Widget if name.startswith("w") else ConfigMap


def _reference(owner: TypedObject, *, first: bool) -> OwnerReference:
    return OwnerReference(
        api_version=owner.api_version,
        kind=owner.kind,
        name=owner.metadata.name,
        uid=owner.metadata.uid,
        controller=first or None,
        block_owner_deletion=first or None,
    )
