"""Waiting for nodes."""

from typing import cast

from kubeactors.api.core.v1 import Node
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import DELETED
from kubeactors.cluster.cluster import Cluster
from kubeactors.cluster.conditions import holds


async def until_ready(cluster: Cluster, count: int, among: dict[str, None] | None = None) -> None:
    """Wait until a number of nodes (of these, if given) are Ready."""
    ready: dict[str, None] = {}
    async with cluster.watching(Node) as inbox:
        for node in (await cluster.client.list(Node)).items:
            _note(ready, node, among)
        while len(ready) < count:
            event = await inbox.next()
            assert event is not None  # the watch lasts as long as the cluster
            if event.type != DELETED:
                _note(ready, cast("TypedObject", event.object), among)


def _note(ready: dict[str, None], node: TypedObject, among: dict[str, None] | None) -> None:
    name = node.metadata.name
    if among is not None and name not in among:
        return
    if holds(node, "Ready"):
        ready[name] = None
    else:
        ready.pop(name, None)
