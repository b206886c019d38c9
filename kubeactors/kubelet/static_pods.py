"""Static pods, which the node itself defines; the API shows each as a mirror pod.

Source: pkg/kubelet/config/common.go, pkg/kubelet/pod/mirror_client.go, pkg/kubelet/types/pod_update.go (v1.36).
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator

import msgspec
from msgspec.structs import replace

from kubeactors.api.core.v1 import Node, Pod
from kubeactors.api.core.v1.affinity import Toleration
from kubeactors.apimachinery.meta import OwnerReference

MIRROR = "kubernetes.io/config.mirror"
HASH = "kubernetes.io/config.hash"
SOURCE = "kubernetes.io/config.source"


class StaticPods:
    """The static pods of a node, by UID."""

    __slots__ = ("_node_name", "_pods")

    def __init__(self, node_name: str) -> None:
        self._node_name = node_name
        self._pods: dict[str, Pod] = {}

    def __contains__(self, uid: object) -> bool:
        return uid in self._pods

    def __iter__(self) -> Iterator[Pod]:
        return iter(self._pods.values())

    def __getitem__(self, uid: str) -> Pod:
        return self._pods[uid]

    def make(self, manifests: Iterable[Pod], default: Callable[[Pod], Pod]) -> Iterator[Pod]:
        """Make and yield the static pods of the node's manifests."""
        for manifest in manifests:
            pod = static_pod(manifest, self._node_name, default)
            self._pods[pod.metadata.uid] = pod
            yield pod

    def named(self, name: str, namespace: str) -> list[str]:
        """The UIDs of the static pods of this name."""
        return [
            uid for uid, one in self._pods.items() if (one.metadata.namespace, one.metadata.name) == (namespace, name)
        ]


def static_pod(manifest: Pod, node_name: str, default: Callable[[Pod], Pod]) -> Pod:
    """The static pod of a manifest. Its name contains the node's, and its UID is derived from both.

    >>> static_pod(Pod(), "node-1", lambda pod: pod).metadata.name
    '-node-1'
    """
    digest = hashlib.sha256(msgspec.json.encode(manifest) + node_name.encode()).hexdigest()[:32]
    metadata = manifest.metadata
    tolerations = (*manifest.spec.tolerations, Toleration(operator="Exists", effect="NoExecute"))
    return default(
        replace(
            manifest,
            metadata=replace(
                metadata,
                name=f"{metadata.name}-{node_name}",
                namespace=metadata.namespace or "default",
                uid=digest,
                annotations=metadata.annotations | {HASH: digest, SOURCE: "file"},
            ),
            spec=replace(manifest.spec, node_name=node_name, tolerations=tolerations),
        )
    )


def mirror_of(static: Pod, node: Node) -> Pod:
    """The mirror pod of a static pod. It is owned by the node."""
    owner = OwnerReference(
        api_version="v1", kind="Node", name=node.metadata.name, uid=node.metadata.uid, controller=True
    )
    metadata = static.metadata
    annotations = metadata.annotations | {MIRROR: metadata.uid}
    return replace(static, metadata=replace(metadata, uid="", annotations=annotations, owner_references=(owner,)))


def remembered(static: Pod, mirror: Pod | None) -> Pod:
    """The static pod with the status in its mirror from an earlier kubelet, unless that is a final phase.

    Source: pkg/kubelet/status/status_manager.go updateStatusInternal (v1.36).
    """
    if mirror is None or mirrored(mirror) != static.metadata.uid or mirror.status.phase in {"Succeeded", "Failed"}:
        return static
    return replace(static, status=mirror.status)


def mirrored(pod: Pod) -> str:
    """The UID of the static pod that this pod mirrors; empty if it is no mirror pod."""
    return pod.metadata.annotations.get(MIRROR, "")
