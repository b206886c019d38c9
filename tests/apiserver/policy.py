"""An authorizer with nothing but the default roles and bindings, or those of a test."""

from collections.abc import Iterable, Iterator

from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import GroupVersionResource
from kubeactors.apiserver.authorization import Authorizer
from kubeactors.apiserver.cacher import Follower
from kubeactors.apiserver.rbac import default_authorizer
from kubeactors.apiserver.rbac.policy import BINDINGS, CLUSTER_BINDINGS, CLUSTER_ROLES, NAMESPACE_ROLES
from tests.apiserver.plane import gvr_of

DEFAULTS: tuple[TypedObject, ...] = (*CLUSTER_ROLES, *CLUSTER_BINDINGS, *NAMESPACE_ROLES, *BINDINGS)


class Still:
    """Objects that never change."""

    def __init__(self, objects: Iterable[TypedObject]) -> None:
        self._objects: dict[GroupVersionResource, dict[tuple[str, str], TypedObject]] = {}
        for one in objects:
            by_name = self._objects.setdefault(gvr_of(type(one)), {})
            by_name[one.metadata.namespace, one.metadata.name] = one

    def get(self, resource: GroupVersionResource, namespace: str, name: str) -> TypedObject | None:
        return self._objects.get(resource, {}).get((namespace, name))

    def select(self, resource: GroupVersionResource, namespace: str = "") -> Iterator[TypedObject]:
        found = self._objects.get(resource, {}).values()
        return (one for one in found if namespace in ("", one.metadata.namespace))

    def on_node(self, resource: GroupVersionResource, node: str, namespace: str) -> Iterator[TypedObject]:
        del node
        return self.select(resource, namespace)

    def follow(self, follower: Follower) -> None:
        del follower


def authorizer_with(*objects: TypedObject) -> Authorizer:
    """An authorizer that decides by these objects."""
    authorizer = default_authorizer()
    authorizer.follow(Still(objects))
    return authorizer
