"""Informers of custom kinds, for the controllers that cover all kinds.

Kubernetes polls discovery every 30 seconds; here the CustomResourceDefinitions are watched.

Source: resyncMonitors in pkg/controller/garbagecollector/{garbagecollector,graph_builder}.go, syncMonitors in
pkg/controller/resourcequota/resource_quota_monitor.go (v1.36).
"""

from typing import Generic, TypeVar

import msgspec

from kubeactors.actor import Context
from kubeactors.api.apiextensions.v1.customresourcedefinition import (
    ESTABLISHED,
    NAMESPACED,
    CustomResourceDefinition,
    is_true,
    storage_version,
)
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import GroupVersionResource
from kubeactors.apimachinery.unstructured import type_of_kind
from kubeactors.client import Client, InformerFactory, SharedInformer

M = TypeVar("M")

LINGER_SECONDS = 5.0
"""How long a deleted definition's kind is still watched: the deletions of its objects have arrived by then."""


class Watched(msgspec.Struct, frozen=True):
    """A kind to watch."""

    gvr: GroupVersionResource
    type: type[TypedObject]
    namespaced: bool


def watched_by(crd: CustomResourceDefinition) -> Watched | None:
    """The kind to watch for a definition, in the storage version if that is served; None if no version is."""
    served = [one.name for one in crd.spec.versions or () if one.served]
    if not served or not is_true(crd, ESTABLISHED):
        return None
    stored = storage_version(crd)
    version = stored if stored in served else served[0]
    group, names = crd.spec.group, crd.status.accepted_names
    return Watched(
        gvr=GroupVersionResource(group, version, names.plural),
        type=type_of_kind(f"{group}/{version}", names.kind),
        namespaced=crd.spec.scope == NAMESPACED,
    )


class Monitors(Generic[M]):
    """The informers of custom kinds, one for each definition. They are children of the controller."""

    def __init__(self, ctx: Context[M], client: Client) -> None:
        self._factory = InformerFactory(ctx, client)
        self._running: dict[str, tuple[Watched, SharedInformer[TypedObject]]] = {}

    def get(self, definition: str) -> tuple[Watched, SharedInformer[TypedObject]] | None:
        """The kind that is watched for this definition, and its informer."""
        return self._running.get(definition)

    def start(self, definition: str, watched: Watched) -> SharedInformer[TypedObject]:
        """Start an informer for the definition."""
        informer = self._factory.of_custom(watched.type, watched.gvr)
        self._running[definition] = (watched, informer)
        return informer

    def stop(self, definition: str) -> None:
        """Stop the definition's informer."""
        self._factory.stop(self._running.pop(definition)[1])
