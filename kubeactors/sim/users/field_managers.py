"""Objects with several field managers."""

from typing import cast

import msgspec
from msgspec.structs import replace

from kubeactors.api.core.v1 import ConfigMap, Service
from kubeactors.apimachinery import serializer
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import APPLY_PATCH, MERGE_PATCH, Patch, Update, WriteOptions
from kubeactors.sim.users.manifests import NAMESPACE
from kubeactors.sim.users.session import Session
from kubeactors.sim.workload import DeleteManagedObject, ManagementAction, Shared, WriteAsManager

TYPES: dict[Shared, type[TypedObject]] = {"ConfigMap": ConfigMap, "Service": Service}
REHEARSING = "rehearsing-"
"""The prefix of the names of managers in dry runs."""

Document = dict[str, object]


class FieldManagers:
    """Performs actions on them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def do(self, action: ManagementAction) -> None:
        """Perform the action."""
        match action:
            case WriteAsManager(how="replace"):
                await self._replace(action)
            case WriteAsManager(how="overwrite"):
                await self._write(action, _told(action))
            case WriteAsManager():
                await self._patch(action)
            case DeleteManagedObject():
                await self._session.remove(TYPES[action.of], action.name)

    async def _patch(self, action: WriteAsManager) -> None:
        patch_type = MERGE_PATCH if action.how == "merge" else APPLY_PATCH
        client = self._session.client
        request = Patch(
            resource=client.resource(TYPES[action.of]),
            namespace=NAMESPACE,
            name=action.name,
            user=client.user,
            patch_type=patch_type,
            patch=msgspec.json.encode(_changes(action) if action.how == "merge" else configuration(action)),
            options=_options(action),
        )
        await client.send(request)

    async def _replace(self, action: WriteAsManager) -> None:
        """Update the live object with the manager's fields."""
        live, told = await self._session.client.get(TYPES[action.of], action.name, NAMESPACE), _told(action)
        metadata = replace(live.metadata, labels=told.metadata.labels)
        if isinstance(live, ConfigMap) and isinstance(told, ConfigMap):
            changed: TypedObject = replace(live, metadata=metadata, data=told.data)
        elif isinstance(live, Service) and isinstance(told, Service):
            changed = replace(
                live, metadata=metadata, spec=replace(live.spec, ports=told.spec.ports or live.spec.ports)
            )
        else:
            return
        await self._write(action, changed)

    async def _write(self, action: WriteAsManager, changed: TypedObject) -> None:
        client = self._session.client
        request = Update(
            resource=client.resource(TYPES[action.of]),
            namespace=NAMESPACE,
            name=action.name,
            user=client.user,
            object=changed,
            options=_options(action),
        )
        await client.send(request)


def _told(action: WriteAsManager) -> TypedObject:
    """The manager's configuration, as an object."""
    return serializer.from_builtins(configuration(action), TYPES[action.of]).object


def _options(action: WriteAsManager) -> WriteOptions:
    manager = f"{REHEARSING}{action.manager}" if action.rehearsed else action.manager
    force = action.how == "force" if action.how in ("apply", "force") else None
    return WriteOptions(field_manager=manager, force=force, dry_run=("All",) if action.rehearsed else ())


def _changes(action: WriteAsManager) -> Document:
    """The manager's configuration without its type: a merge patch."""
    return {part: one for part, one in configuration(action).items() if part not in ("apiVersion", "kind")}


def configuration(action: WriteAsManager) -> Document:
    """The manager's configuration, as for server-side apply.

    >>> configuration(WriteAsManager(at=0, of="ConfigMap", name="shared", manager="a", fields=("x",)))["data"]
    {'x': '1'}
    """
    metadata: Document = {"name": action.name, "namespace": NAMESPACE}
    if action.labels:
        metadata["labels"] = dict.fromkeys(action.labels, action.value)
    found: Document = {"apiVersion": "v1", "kind": action.of, "metadata": metadata}
    if action.of == "ConfigMap":
        data = cast("Document", dict.fromkeys(action.fields, action.value))
        return {**found, "data": data} if data else found
    ports = [
        {"name": f"p{one}", "port": int(one), "protocol": "TCP", "targetPort": 8000 + int(action.value)}
        for one in action.fields
    ]
    return {**found, "spec": {"ports": ports}} if ports else found
