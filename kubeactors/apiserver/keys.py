"""The keys of objects in the store: kube-apiserver's layout in etcd.

Source: kubernetes pkg/kubeapiserver/default_storage_factory_builder.go (v1.36).
"""

from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import GroupVersionResource

ROOT = "/registry/"
"""Every object lives below this key."""

_RENAMED = {
    ("", "replicationcontrollers"): "controllers",
    ("", "endpoints"): "services/endpoints",
    ("", "nodes"): "minions",
    ("", "services"): "services/specs",
    ("networking.k8s.io", "ingresses"): "ingress",
    ("apiregistration.k8s.io", "apiservices"): "apiregistration.k8s.io/apiservices",
}


def prefix_of(resource: GroupVersionResource) -> str:
    """The prefix of the keys of a resource.

    >>> prefix_of(GroupVersionResource("", "v1", "pods")), prefix_of(GroupVersionResource("", "v1", "nodes"))
    ('/registry/pods/', '/registry/minions/')
    """
    return f"{ROOT}{_RENAMED.get((resource.group, resource.resource), resource.resource)}/"


def prefix_of_custom(group: str, plural: str) -> str:
    """The prefix of the keys of a custom resource, whatever the version.

    >>> prefix_of_custom("example.com", "things")
    '/registry/example.com/things/'
    """
    return f"{ROOT}{group}/{plural}/"


def key_of(prefix: str, namespace: str, name: str) -> str:
    """The key of one object.

    >>> key_of("/registry/pods/", "default", "web-0"), key_of("/registry/minions/", "", "n1")
    ('/registry/pods/default/web-0', '/registry/minions/n1')
    """
    return f"{prefix}{namespace}/{name}" if namespace else f"{prefix}{name}"


def key_of_object(prefix: str, value: TypedObject) -> str:
    """The key of an object, by its metadata."""
    return key_of(prefix, value.metadata.namespace, value.metadata.name)
