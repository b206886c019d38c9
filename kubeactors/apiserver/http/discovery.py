"""Discovery: groups, versions and resources; plain and aggregated.

Source: apiserver/pkg/endpoints/discovery, apiserver/pkg/endpoints/discovery/aggregated (v1.36).
"""

import hashlib
from collections.abc import Iterable

import msgspec

from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.scheme import Kind, Scheme
from kubeactors.apiserver.http.subresources import Subresource, subresource_of

_GROUP_ORDER = (
    "apiregistration.k8s.io",
    "apps",
    "events.k8s.io",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "networking.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "storage.k8s.io",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "scheduling.k8s.io",
    "coordination.k8s.io",
    "node.k8s.io",
    "discovery.k8s.io",
    "resource.k8s.io",
    "flowcontrol.apiserver.k8s.io",
)
"""The priorities of groups, by which clients resolve a short name. Source: pkg/controlplane/apiserver/aggregator.go."""

_VERSION_ORDER = ("v2", "v1")


class _Document(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """The base of discovery documents."""


class GroupVersionForDiscovery(_Document, frozen=True, kw_only=True, omit_defaults=True):
    """A version of a group, with and without the group."""

    group_version: str
    version: str


class APIGroup(_Document, frozen=True, kw_only=True, omit_defaults=True):
    """A group and its versions, the preferred one first."""

    kind: str | None = None
    api_version: str | None = None
    name: str
    versions: list[GroupVersionForDiscovery]
    preferred_version: GroupVersionForDiscovery


class APIResource(_Document, frozen=True, kw_only=True, omit_defaults=True):
    """A resource, or `resource/subresource`."""

    name: str
    singular_name: str
    namespaced: bool
    group: str = ""
    version: str = ""
    kind: str
    verbs: tuple[str, ...]
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    storage_version_hash: str = ""


class ResponseKind(_Document, frozen=True, kw_only=True, omit_defaults=False):
    """The kind that a resource returns; empty group and version are those of the resource."""

    group: str = ""
    version: str = ""
    kind: str


class APISubresourceDiscovery(_Document, frozen=True, kw_only=True, omit_defaults=True):
    """A subresource in aggregated discovery."""

    subresource: str
    response_kind: ResponseKind
    verbs: tuple[str, ...]


class APIResourceDiscovery(_Document, frozen=True, kw_only=True, omit_defaults=True):
    """A resource in aggregated discovery."""

    resource: str
    response_kind: ResponseKind
    scope: str
    singular_resource: str
    verbs: tuple[str, ...]
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: list[APISubresourceDiscovery] = []


class Discovery:
    """The documents of a scheme as it is now, as JSON; each is encoded once.

    `address` is the server address in the document `/api` (`host:port`).
    """

    def __init__(self, scheme: Scheme, address: str = "") -> None:
        kinds = sorted(scheme, key=lambda kind: kind.resource)
        self._kinds: dict[tuple[str, str], list[Kind[TypedObject]]] = {}
        for kind in kinds:
            self._kinds.setdefault((kind.group, kind.version), []).append(kind)
        self.group_versions: list[tuple[str, str]] = sorted(self._kinds, key=_priority)
        self.groups: tuple[str, ...] = tuple(dict.fromkeys(group for group, _ in self.group_versions if group))
        self._resources = {one: _encoded(_resource_list(one, self._kinds[one])) for one in self.group_versions}
        self._groups = {group: self._group(group) for group in self.groups}
        self.core_versions: bytes = _encoded(
            {
                "kind": "APIVersions",
                "versions": ["v1"],
                "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}],
            }
        )
        self.group_list: bytes = _encoded(
            {"kind": "APIGroupList", "apiVersion": "v1", "groups": list(self._groups.values())}
        )
        self.aggregated_core: bytes = _encoded(self._aggregated([""]))
        self.aggregated_groups: bytes = _encoded(self._aggregated(self.groups))

    def group(self, group: str) -> bytes | None:
        """The document `/apis/GROUP`; None if the group is not served."""
        if group not in self._groups:
            return None
        return _encoded(msgspec.structs.replace(self._groups[group], kind="APIGroup", api_version="v1"))

    def resources(self, group: str, version: str) -> bytes | None:
        """The document `/api/VERSION` or `/apis/GROUP/VERSION`; None if the version is not served."""
        return self._resources.get((group, version))

    def serves_group(self, group: str) -> bool:
        """Whether any version of the group is served."""
        return not group or group in self._groups

    def paths(self) -> list[str]:
        """The paths of the documents."""
        found = ["/api", "/apis", "/apis/"]
        for group, version in self.group_versions:
            found += [f"/apis/{group}", f"/apis/{group}/{version}"] if group else [f"/api/{version}"]
        return sorted(dict.fromkeys(found))

    def _group(self, name: str) -> APIGroup:
        versions = [
            GroupVersionForDiscovery(group_version=f"{group}/{version}", version=version)
            for group, version in self.group_versions
            if group == name
        ]
        return APIGroup(name=name, versions=versions, preferred_version=versions[0])

    def _aggregated(self, groups: Iterable[str]) -> dict[str, object]:
        items: list[object] = []
        for name in groups:
            versions = [
                {
                    "version": version,
                    "resources": _aggregated_resources(self._kinds[group, version]),
                    "freshness": "Current",
                }
                for group, version in self.group_versions
                if group == name
            ]
            items.append({"metadata": {"name": name} if name else {}, "versions": versions})
        return {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items}


def etag(document: bytes) -> bytes:
    """The entity tag of a document, quoted."""
    return b'"' + hashlib.sha512(document).hexdigest().upper().encode() + b'"'


def _priority(group_version: tuple[str, str]) -> tuple[int, str, int, str]:
    group, version = group_version
    of_group = _GROUP_ORDER.index(group) if group in _GROUP_ORDER else len(_GROUP_ORDER)
    of_version = _VERSION_ORDER.index(version) if version in _VERSION_ORDER else len(_VERSION_ORDER)
    return (of_group if group else -1, group, of_version, version)


def _resource_list(group_version: tuple[str, str], kinds: list[Kind[TypedObject]]) -> dict[str, object]:
    group, version = group_version
    resources: list[APIResource] = []
    for kind in kinds:
        resources.append(_resource(kind))
        resources += [_subresource(kind, name, one) for name, one in _subresources(kind)]
    document: dict[str, object] = {"kind": "APIResourceList"}
    if group:  # Kubernetes omits it in the core group's list
        document["apiVersion"] = "v1"
    return document | {"groupVersion": f"{group}/{version}" if group else version, "resources": resources}


def _resource(kind: Kind[TypedObject]) -> APIResource:
    return APIResource(
        name=kind.resource,
        singular_name=kind.singular,
        namespaced=kind.namespaced,
        kind=kind.kind,
        verbs=tuple(sorted(kind.verbs)),
        short_names=kind.short_names,
        categories=kind.categories,
    )


def _subresource(kind: Kind[TypedObject], name: str, one: Subresource) -> APIResource:
    return APIResource(
        name=f"{kind.resource}/{name}",
        singular_name="",
        namespaced=kind.namespaced,
        group=one.group,
        version=one.version,
        kind=one.kind or kind.kind,
        verbs=one.verbs,
    )


def _subresources(kind: Kind[TypedObject]) -> list[tuple[str, Subresource]]:
    found = [(name, subresource_of(kind, name)) for name in sorted(kind.subresources)]
    return [(name, one) for name, one in found if one is not None]


def _aggregated_resources(kinds: list[Kind[TypedObject]]) -> list[APIResourceDiscovery]:
    return [
        APIResourceDiscovery(
            resource=kind.resource,
            response_kind=ResponseKind(kind=kind.kind),
            scope="Namespaced" if kind.namespaced else "Cluster",
            singular_resource=kind.singular,
            verbs=tuple(sorted(kind.verbs)),
            short_names=kind.short_names,
            categories=kind.categories,
            subresources=[
                APISubresourceDiscovery(
                    subresource=name,
                    response_kind=ResponseKind(group=one.group, version=one.version, kind=one.kind or kind.kind),
                    verbs=one.verbs,
                )
                for name, one in _subresources(kind)
            ],
        )
        for kind in kinds
    ]


def _encoded(document: object) -> bytes:
    return msgspec.json.encode(document)
