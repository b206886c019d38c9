"""Creates the default roles and bindings, and restores what they lack.

Source: pkg/registry/rbac/rest/storage_rbac.go (v1.36).
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import TypeAlias

from msgspec.structs import replace

from kubeactors.api.rbac.v1 import GROUP
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import GroupVersionResource
from kubeactors.apiserver.objects import revision_of
from kubeactors.apiserver.rbac.policy import BINDINGS, CLUSTER_BINDINGS, CLUSTER_ROLES, NAMESPACE_ROLES
from kubeactors.apiserver.rbac.reconciliation import reconciled
from kubeactors.apiserver.registry.metadata import Environment, born
from kubeactors.apiserver.registry.resource import Resource
from kubeactors.apiserver.registry.storage import Stored
from kubeactors.storage.messages import Compare, PutOp

_AT_ONCE = 100
"""The number of objects per transaction: etcd takes at most 128 operations."""

_Write: TypeAlias = tuple[Compare, PutOp]


async def ensure_policy(
    stored: Stored, resources: Mapping[GroupVersionResource, Resource], environment: Environment
) -> bool:
    """Create or complete the default roles and bindings.

    Returns:
        False if another server has changed one of them meanwhile: catch up, and call again.
    """
    writes = chain.from_iterable(
        _writes(resources, resource, wanted, environment)
        for resource, wanted in (
            ("clusterroles", CLUSTER_ROLES),
            ("clusterrolebindings", CLUSTER_BINDINGS),
            ("roles", NAMESPACE_ROLES),
            ("rolebindings", BINDINGS),
        )
    )
    while some := tuple(islice(writes, _AT_ONCE)):
        compares, puts = zip(*some, strict=True)
        if not await stored.write_all(compares, puts):
            return False
    return True


def _writes(
    resources: Mapping[GroupVersionResource, Resource],
    name: str,
    wanted: Iterable[TypedObject],
    environment: Environment,
) -> Iterator[_Write]:
    resource = resources.get(GroupVersionResource(GROUP, "v1", name))
    if resource is None:
        return
    for one in wanted:
        metadata = one.metadata
        key = resource.key(metadata.namespace, metadata.name)
        found = resource.cached(metadata.namespace, metadata.name)
        if found is None:
            new = replace(one, metadata=born(metadata, environment))
            yield Compare(key=key, mod_revision=0), PutOp(key=key, value=new)
        elif (mended := reconciled(found, one)) is not found:
            yield Compare(key=key, mod_revision=revision_of(found)), PutOp(key=key, value=mended)
