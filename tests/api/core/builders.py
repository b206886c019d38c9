"""Pods and nodes from JSON, as clients write them, with their defaults."""

from collections.abc import Iterable, Mapping

from kubeactors.api.core.v1 import Node, Pod
from kubeactors.api.core.v1.defaults import default_node, default_pod
from kubeactors.apimachinery import serializer
from kubeactors.apimachinery.field import FieldError

JSON = Mapping[str, object]


def bare_pod(spec: JSON, **metadata: object) -> Pod:
    """A pod just as it was sent."""
    value = {"metadata": {"name": "web", "namespace": "shop", **metadata}, "spec": spec}
    return serializer.from_builtins(value, Pod).object


def pod(spec: JSON | None = None, **metadata: object) -> Pod:
    """A pod of one container, with more in its spec, defaulted."""
    return default_pod(bare_pod({"containers": [{"name": "app", "image": "shop:1"}], **(spec or {})}, **metadata))


def container(**fields: object) -> Pod:
    """A pod whose one container has these fields, defaulted."""
    return pod({"containers": [{"name": "app", "image": "shop:1", **fields}]})


def node(spec: JSON | None = None, status: JSON | None = None) -> Node:
    """A node, defaulted."""
    value = {"metadata": {"name": "rack-1"}, "spec": spec or {}, "status": status or {}}
    return default_node(serializer.from_builtins(value, Node).object)


def texts(errors: Iterable[FieldError]) -> list[str]:
    """The errors as people read them."""
    return [str(error) for error in errors]
