"""Static pods: the node itself says that they run; the API shows each as a mirror.

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
    """The static pods of a node, by uid."""

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
        """Take the node's manifests, one by one."""
        for manifest in manifests:
            pod = static_pod(manifest, self._node_name, default)
            self._pods[pod.metadata.uid] = pod
            yield pod

    def named(self, name: str, namespace: str) -> list[str]:
        """The uids of those that have this name."""
        return [
            uid for uid, one in self._pods.items() if (one.metadata.namespace, one.metadata.name) == (namespace, name)
        ]


def static_pod(manifest: Pod, node_name: str, default: Callable[[Pod], Pod]) -> Pod:
    """The pod that a node runs for a manifest: named after the node, and with a uid that follows from both.

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
    """What the API is to show for a static pod; it goes with the node."""
    owner = OwnerReference(
        api_version="v1", kind="Node", name=node.metadata.name, uid=node.metadata.uid, controller=True
    )
    metadata = static.metadata
    annotations = metadata.annotations | {MIRROR: metadata.uid}
    return replace(static, metadata=replace(metadata, uid="", annotations=annotations, owner_references=(owner,)))


def remembered(static: Pod, mirror: Pod | None) -> Pod:
    """The static pod, and what a kubelet before this one has said of it: it goes on from there, unless it has ended.

    Source: pkg/kubelet/status/status_manager.go updateStatusInternal (v1.36).
    """
    if mirror is None or mirrored(mirror) != static.metadata.uid or mirror.status.phase in {"Succeeded", "Failed"}:
        return static
    return replace(static, status=mirror.status)


def mirrored(pod: Pod) -> str:
    """The uid of the static pod of which this is a mirror; empty if it is none."""
    return pod.metadata.annotations.get(MIRROR, "")
