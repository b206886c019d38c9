"""The operations of a kind: an operation is a method on a path.

Each is described once, and rendered for both versions of OpenAPI.

Source: apiserver/pkg/endpoints/installer.go, apiserver/pkg/endpoints/openapi/openapi.go (v1.36).
"""

from collections.abc import Iterator

import msgspec

from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import APPLY_PATCH, JSON_PATCH, MERGE_PATCH, STRATEGIC_MERGE_PATCH
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apiserver.http.subresources import Subresource, subresource_of

_STRING, _INTEGER, _BOOLEAN = "string", "integer", "boolean"

_PRETTY = {"pretty": _STRING}
_DRY_RUN = {"dryRun": _STRING}
_WRITE = {**_DRY_RUN, "fieldManager": _STRING, "fieldValidation": _STRING}
_DELETE = {
    **_DRY_RUN,
    "gracePeriodSeconds": _INTEGER,
    "ignoreStoreReadErrorWithClusterBreakingPotential": _BOOLEAN,
    "orphanDependents": _BOOLEAN,
    "propagationPolicy": _STRING,
}
_LIST = {
    "allowWatchBookmarks": _BOOLEAN,
    "continue": _STRING,
    "fieldSelector": _STRING,
    "labelSelector": _STRING,
    "limit": _INTEGER,
    "resourceVersion": _STRING,
    "resourceVersionMatch": _STRING,
    "sendInitialEvents": _BOOLEAN,
    "timeoutSeconds": _INTEGER,
    "watch": _BOOLEAN,
}
_QUERIES = {
    "get": {},
    "list": _LIST,
    "create": _WRITE,
    "update": _WRITE,
    "patch": {**_WRITE, "force": _BOOLEAN},
    "delete": _DELETE,
    "deletecollection": {**_LIST, **_DELETE},
}
_METHODS = {
    "get": ("get", "read", "get"),
    "list": ("get", "list", "list"),
    "create": ("post", "create", "post"),
    "update": ("put", "replace", "put"),
    "patch": ("patch", "patch", "patch"),
    "delete": ("delete", "delete", "delete"),
    "deletecollection": ("delete", "delete", "deletecollection"),
}
"""The HTTP method, the verb in the operation id, and the action, by verb."""

PATCH_TYPES = (JSON_PATCH, MERGE_PATCH, STRATEGIC_MERGE_PATCH, APPLY_PATCH)
CUSTOM_PATCH_TYPES = (JSON_PATCH, MERGE_PATCH, APPLY_PATCH)
"""No strategic merge patch: lists of custom objects have no merge strategy."""


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """A method on a path. `body` and `result` are the types of the request and the response."""

    path: str
    method: str
    verb: str
    action: str
    operation_id: str
    group_version_kind: tuple[str, str, str]
    query: dict[str, str]
    consumes: tuple[str, ...] = ("*/*",)
    subresource: str = ""

    @property
    def path_parameters(self) -> list[str]:
        """The parameters in the path."""
        return [name for name in ("name", "namespace") if f"{{{name}}}" in self.path]


def operations_of(kind: Kind[TypedObject]) -> Iterator[Operation]:
    """All operations of a kind and its subresources."""
    root = f"/apis/{kind.group}/{kind.version}" if kind.group else f"/api/{kind.version}"
    within = f"{root}/namespaces/{{namespace}}/{kind.resource}" if kind.namespaced else f"{root}/{kind.resource}"
    for verb in ("list", "create", "deletecollection"):
        if verb in kind.verbs:
            yield _operation(kind, within, verb)
    for verb in ("get", "update", "patch", "delete"):
        if verb in kind.verbs:
            yield _operation(kind, f"{within}/{{name}}", verb)
    if kind.namespaced and "list" in kind.verbs:
        yield _operation(kind, f"{root}/{kind.resource}", "list", everywhere=True)
    for name in kind.subresources:
        if one := subresource_of(kind, name):
            yield from _of_subresource(kind, f"{within}/{{name}}/{name}", name, one)


def _of_subresource(kind: Kind[TypedObject], path: str, name: str, one: Subresource) -> Iterator[Operation]:
    for verb in one.verbs:
        if verb in _METHODS:
            operation = _operation(kind, path, verb, suffix=_camel(name))
            gvk = (one.group or kind.group, one.version or kind.version, one.kind or kind.kind)
            yield msgspec.structs.replace(operation, group_version_kind=gvk, subresource=name)


def _operation(
    kind: Kind[TypedObject], path: str, verb: str, *, everywhere: bool = False, suffix: str = ""
) -> Operation:
    method, word, action = _METHODS[verb]
    group = "".join(_camel(part) for part in (kind.group or "core").removesuffix(".k8s.io").split("."))
    collection = "Collection" if verb == "deletecollection" else ""
    namespaced = "Namespaced" if kind.namespaced and not everywhere else ""
    tail = "ForAllNamespaces" if everywhere else suffix
    return Operation(
        path=path,
        method=method,
        verb=verb,
        action=action,
        operation_id=f"{word}{group}{_camel(kind.version)}{collection}{namespaced}{kind.kind}{tail}",
        group_version_kind=(kind.group, kind.version, kind.kind),
        query={**_PRETTY, **_QUERIES[verb]},
        consumes=_consumed(kind) if verb == "patch" else ("*/*",),
    )


def _consumed(kind: Kind[TypedObject]) -> tuple[str, ...]:
    return CUSTOM_PATCH_TYPES if kind.custom else PATCH_TYPES


def _camel(text: str) -> str:
    """`apps` to `Apps`.

    >>> _camel("portforward")
    'Portforward'
    """
    return text[:1].upper() + text[1:]
