"""A small server for tests of the HTTP edge: keeps objects in a dict, and records the requests."""

from collections.abc import Callable
from typing import TypeAlias

import msgspec

from kubeactors.actor import Actor, handle
from kubeactors.api.core.v1.configmap import ConfigMap
from kubeactors.api.core.v1.pod import Pod
from kubeactors.apimachinery.meta import HasMeta, ListMeta, ObjectMeta
from kubeactors.apimachinery.requests import (
    ADDED,
    Create,
    Delete,
    DeleteCollection,
    Get,
    List,
    ListResult,
    Patch,
    Result,
    StopWatch,
    Update,
    Watch,
    WatchEvent,
    WatchEvents,
    WatchStarted,
)
from kubeactors.apimachinery.scheme import Kind, Scheme
from kubeactors.apimachinery.status import Expired, Status, StatusDetails, not_found

Asked: TypeAlias = Get | List | Create | Update | Patch | Delete | DeleteCollection | Watch

SCHEME = Scheme(
    [
        Kind(type=ConfigMap, kind="ConfigMap", resource="configmaps", singular="configmap", short_names=("cm",)),
        Kind(
            type=Pod,
            kind="Pod",
            resource="pods",
            singular="pod",
            short_names=("po",),
            categories=("all",),
            subresources=("binding", "eviction", "log", "status"),
        ),
    ]
)


class Shelf(Actor[Asked | StopWatch]):
    """Serves requests from a dict. A watch from revision 1 is rejected as too old."""

    def __init__(self, asked: Callable[[Asked | StopWatch], object] = lambda _: None) -> None:
        self._asked = asked
        self._objects: dict[tuple[str, str, str], HasMeta] = {}
        self._watches: list[Watch] = []

    @handle
    def get(self, message: Get) -> Result | Status:
        self._asked(message)
        found = self._objects.get((message.resource.resource, message.namespace, message.name))
        return Result(object=found) if found else _missing(message.resource.resource, message.name)

    @handle
    def list_objects(self, message: List) -> ListResult:
        self._asked(message)
        items = tuple(one for key, one in self._objects.items() if key[0] == message.resource.resource)
        return ListResult(metadata=ListMeta(resource_version="7"), items=items)

    @handle
    def create(self, message: Create) -> Result | Status:
        self._asked(message)
        if message.subresource:
            return Status(status="Success", code=201)
        made = message.object
        assert isinstance(made, ConfigMap | Pod)
        made = msgspec.structs.replace(
            made, metadata=msgspec.structs.replace(made.metadata, namespace=message.namespace, resource_version="8")
        )
        self._objects[message.resource.resource, message.namespace, made.metadata.name] = made
        for watch in self._watches:
            watch.subscriber.tell(WatchEvents(watch.watch, (WatchEvent(ADDED, made),)))
        return Result(object=made, code=201, warnings=message.options.warnings)

    @handle
    def update(self, message: Update) -> Result:
        self._asked(message)
        return Result(object=message.object)

    @handle
    def patch(self, message: Patch) -> Result | Status:
        self._asked(message)
        found = self._objects.get((message.resource.resource, message.namespace, message.name))
        return Result(object=found) if found else _missing(message.resource.resource, message.name)

    @handle
    def delete(self, message: Delete) -> Status:
        self._asked(message)
        self._objects.pop((message.resource.resource, message.namespace, message.name), None)
        return Status(status="Success", details=StatusDetails(name=message.name, kind=message.resource.resource))

    @handle
    def delete_collection(self, message: DeleteCollection) -> ListResult:
        self._asked(message)
        return ListResult(metadata=ListMeta(resource_version="9"), items=())

    @handle
    def watch(self, message: Watch) -> WatchStarted | Status:
        self._asked(message)
        if message.options.resource_version == "1":
            return Expired.saying("too old resource version: 1 (5)").status
        self._watches.append(message)
        return WatchStarted()

    @handle
    def stop_watch(self, message: StopWatch) -> None:
        self._asked(message)
        self._watches = [one for one in self._watches if one.subscriber is not message.subscriber]


def config_map(name: str, **data: str) -> ConfigMap:
    """A ConfigMap with these entries."""
    return ConfigMap(metadata=ObjectMeta(name=name), data=data)


def _missing(resource: str, name: str) -> Status:
    return not_found(resource, "", name).status
