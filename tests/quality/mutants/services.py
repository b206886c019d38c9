"""Endpoints, EndpointSlices, garbage collection, quotas, volumes."""

from contextlib import AbstractContextManager, ExitStack
from typing import TypeVar
from unittest.mock import patch

from kubeactors.api.core.v1 import Endpoints, PersistentVolumeClaim, Pod
from kubeactors.api.discovery.v1 import EndpointSlice
from kubeactors.apimachinery.meta import OwnerReference, TypedObject
from kubeactors.apiserver.admission.resource_quota import Ledger
from kubeactors.client import Change, Overlay
from kubeactors.controllers import endpoints, endpointslice
from kubeactors.controllers.endpointslice import controller as slices
from kubeactors.controllers.garbagecollector.graph import Node
from kubeactors.controllers.garbagecollector.owners import Owners
from kubeactors.controllers.garbagecollector.plan import Owner
from kubeactors.controllers.persistentvolume import PersistentVolumeController
from kubeactors.controllers.resourcequota import ResourceQuotaController

T = TypeVar("T", bound=TypedObject)

GROWING = ("", "Pending", "Running")


class _Blind(Overlay[T]):
    """Knows only the cache."""

    def newest(self, key: str, cached: T | None) -> T | None:
        return cached


def endpoints_seem_equal() -> AbstractContextManager[object]:
    """Changes of pods are missed while the endpoints cache is stale."""
    return patch.object(endpoints, "Overlay", _Blind)


def endpoints_of_recreated_services() -> AbstractContextManager[object]:
    """The endpoints of a recreated service are deleted by a delayed write, and not recreated."""

    def on_endpoints(self: endpoints.EndpointsController, change: Change[Endpoints]) -> None:
        self._overlay.seen(change)

    stack = ExitStack()
    stack.enter_context(patch.object(endpoints, "Overlay", _Blind))
    stack.enter_context(patch.object(endpoints.EndpointsController, "_on_endpoints", on_endpoints))
    return stack


def slices_are_not_watched() -> AbstractContextManager[object]:
    """An EndpointSlice that a user changes or deletes is never repaired."""

    def on_slice(self: endpointslice.EndpointSliceController, change: Change[EndpointSlice]) -> None:
        self._overlay.seen(change)

    return patch.object(slices.EndpointSliceController, "_on_slice", on_slice)


# Owners.


def absent_owners_are_known_by_uid() -> AbstractContextManager[object]:
    """An owner that is absent in one namespace is taken to be absent in all."""
    genuine = Owners.state

    async def state(self: Owners, node: Node, reference: OwnerReference) -> Owner:
        if self._absent.get(reference.uid):
            return Owner.ABSENT
        found = await genuine(self, node, reference)
        if found is Owner.ABSENT:
            self._absent[reference.uid] = True
        return found

    return patch.object(Owners, "state", state)


def unknown_owners_are_absent() -> AbstractContextManager[object]:
    """An owner of an unknown kind is taken to be absent, and its dependents are deleted."""
    genuine = Owners.state

    async def state(self: Owners, node: Node, reference: OwnerReference) -> Owner:
        return Owner.ABSENT if self.kind_of(reference) is None else await genuine(self, node, reference)

    return patch.object(Owners, "state", state)


# Volumes and quotas.


def volumes_without_claims_in_the_cache_are_free() -> AbstractContextManager[object]:
    """A volume whose claim is not in the cache yet is released, and deleted."""

    async def claim(self: PersistentVolumeController, key: str) -> PersistentVolumeClaim | None:
        return self._claim(key)

    return patch.object(PersistentVolumeController, "_live_claim", claim)


def quotas_count_what_the_cache_shows() -> AbstractContextManager[object]:
    """Pods in flight are not counted: several together exceed a quota."""
    genuine = Ledger.charge

    def charge(self: Ledger, value: TypedObject, uses: dict[str, dict[str, str]], *, is_update: bool) -> object:
        return genuine(self, value, {name: {} for name in uses}, is_update=is_update)

    return patch.object(Ledger, "charge", charge)


def quotas_never_shrink() -> AbstractContextManager[object]:
    """The quota controller still counts deleted objects."""
    genuine = ResourceQuotaController._on_change

    def on_change(self: ResourceQuotaController, resource: tuple[str, str], change: Change[T]) -> None:
        if not isinstance(change.current, Pod) or (change.new is not None and change.current.status.phase in GROWING):
            genuine(self, resource, change)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] -- any kind

    return patch.object(ResourceQuotaController, "_on_change", on_change)
