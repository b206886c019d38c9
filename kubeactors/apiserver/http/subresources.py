"""The subresources of all kinds: their kinds and verbs.

Source: the resource lists of a Kubernetes API server (v1.36).
"""

import msgspec

from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.scheme import Kind

_READ_WRITE = ("get", "patch", "update")
_PROXY = ("create", "delete", "get", "patch", "update")
_STREAM = ("create", "get")


class Subresource(msgspec.Struct, frozen=True):
    """A subresource. An empty `kind` is that of the resource; empty group and version are those of the resource."""

    verbs: tuple[str, ...]
    kind: str = ""
    group: str = ""
    version: str = ""


_SUBRESOURCES = {
    "approval": Subresource(_READ_WRITE),
    "binding": Subresource(("create",), "Binding"),
    "ephemeralcontainers": Subresource(_READ_WRITE),
    "eviction": Subresource(("create",), "Eviction", "policy", "v1"),
    "finalize": Subresource(("update",)),
    "log": Subresource(("get",)),
    "resize": Subresource(_READ_WRITE),
    "scale": Subresource(_READ_WRITE, "Scale", "autoscaling", "v1"),
    "status": Subresource(_READ_WRITE),
    "token": Subresource(("create",), "TokenRequest", "authentication.k8s.io", "v1"),
    "attach": Subresource(_STREAM, "PodAttachOptions"),
    "exec": Subresource(_STREAM, "PodExecOptions"),
    "portforward": Subresource(_STREAM, "PodPortForwardOptions"),
}

_PROXIES = {"pods": "PodProxyOptions", "services": "ServiceProxyOptions", "nodes": "NodeProxyOptions"}


def subresource_of(kind: Kind[TypedObject], name: str) -> Subresource | None:
    """A subresource of a kind; None if there is none of that name."""
    if name not in kind.subresources:
        return None
    if name == "proxy":
        return Subresource(_PROXY, _PROXIES[kind.resource])
    return _SUBRESOURCES[name]
