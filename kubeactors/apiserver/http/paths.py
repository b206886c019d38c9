"""The resource in a URL, and the verb of a method on it.

Source: apiserver/pkg/endpoints/request/requestinfo.go (v1.36).
"""

from functools import lru_cache

import msgspec

from kubeactors.apimachinery.requests import GroupVersionResource

NAMESPACE_SUBRESOURCES = frozenset({"status", "finalize"})

_VERB_OF_METHOD = {"GET": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


class ResourcePath(msgspec.Struct, frozen=True, kw_only=True):
    """A path below `/api/VERSION/` or `/apis/GROUP/VERSION/`.

    `scope` is the namespace for authorization, which for a namespace is itself, while its `namespace` is empty.
    `rest` is the path after the subresource (that of a proxied request), `watch` the legacy prefix `/watch/`.
    """

    resource: GroupVersionResource
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    rest: tuple[str, ...] = ()
    watch: bool = False

    @property
    def scope(self) -> str:
        """The namespace for authorization."""
        return self.name if self.resource == _NAMESPACES else self.namespace


_NAMESPACES = GroupVersionResource("", "v1", "namespaces")


@lru_cache(maxsize=4096)
def parse_path(path: str) -> ResourcePath | None:
    """The resource in a path, whether it is served or not; None for any other path (discovery, health, ...).

    >>> parse_path("/apis/apps/v1/namespaces/default/deployments/web/scale").name
    'web'
    >>> parse_path("/apis/apps/v1") is None
    True
    """
    parts = path.strip("/").split("/")
    if parts[0] == "api" and len(parts) > 2:
        return _within("", parts[1], parts[2:])
    if parts[0] == "apis" and len(parts) > 3:
        return _within(parts[1], parts[2], parts[3:])
    return None


def _within(group: str, version: str, parts: list[str]) -> ResourcePath | None:
    watch = parts[0] == "watch"
    if watch:
        parts = parts[1:]
    if not parts:
        return None
    namespace = ""
    if parts[0] == "namespaces" and len(parts) > 2 and parts[2] not in NAMESPACE_SUBRESOURCES:
        namespace, parts = parts[1], parts[2:]
    resource, name, subresource = [*parts[:3], "", ""][:3]
    return ResourcePath(
        resource=GroupVersionResource(group, version, resource),
        namespace=namespace,
        name=name,
        subresource=subresource,
        rest=tuple(parts[3:]),
        watch=watch,
    )


def verb_of(method: str, path: ResourcePath, *, watch: bool) -> str:
    """The verb for authorization and dispatch; empty if the method is not supported.

    `watch`: the query asks for a watch.

    >>> verb_of("GET", parse_path("/api/v1/pods"), watch=True)
    'watch'
    >>> verb_of("DELETE", parse_path("/api/v1/namespaces/default/pods"), watch=False)
    'deletecollection'
    """
    verb = _VERB_OF_METHOD.get(method, "")
    if verb == "get" and (path.watch or not path.name):
        return "watch" if watch or path.watch else "list"
    if verb == "delete" and not path.name:
        return "deletecollection"
    return verb
