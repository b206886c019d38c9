"""The current resource usage of nodes and pods.

Source: k8s.io/metrics/pkg/apis/metrics/v1beta1/types.go (v0.36).
"""

from kubeactors.apimachinery.meta import Object, Quantity, Time, TypedObject, always
from kubeactors.apimachinery.scheme import Kind

GROUP = "metrics.k8s.io"


class NodeMetrics(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The resource usage of a node, over the window that ends at the timestamp."""

    api_version: str = "metrics.k8s.io/v1beta1"
    kind: str = "NodeMetrics"
    timestamp: Time | None = always(None)
    window: str = always("0s")
    usage: dict[str, Quantity] = always({})


class ContainerMetrics(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The resource usage of a container."""

    name: str = always("")
    usage: dict[str, Quantity] = always({})


class PodMetrics(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The resource usage of a pod's containers."""

    api_version: str = "metrics.k8s.io/v1beta1"
    kind: str = "PodMetrics"
    timestamp: Time | None = always(None)
    window: str = always("0s")
    containers: tuple[ContainerMetrics, ...] = always(())


_READ = ("get", "list")

KINDS = (
    Kind(
        type=NodeMetrics,
        group=GROUP,
        version="v1beta1",
        kind="NodeMetrics",
        resource="nodes",
        singular="",
        namespaced=False,
        verbs=_READ,
        measured=True,
    ),
    Kind(
        type=PodMetrics,
        group=GROUP,
        version="v1beta1",
        kind="PodMetrics",
        resource="pods",
        singular="",
        verbs=_READ,
        measured=True,
    ),
)
"""The kinds of metrics."""
