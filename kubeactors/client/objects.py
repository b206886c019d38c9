"""Keys and revisions of objects, and the meaning of some errors."""

from kubeactors.apimachinery.meta import HasMeta, ObjectMeta
from kubeactors.apimachinery.status import ServiceUnavailable, StatusError, Timeout

NAMESPACE_TERMINATING = "NamespaceTerminating"


def cluster_key(namespace: str, name: str) -> str:
    """The key of an object: `namespace/name`, or the name alone if it has no namespace.

    >>> cluster_key("default", "web"), cluster_key("", "node-1")
    ('default/web', 'node-1')
    """
    return f"{namespace}/{name}" if namespace else name


def key_of(object: HasMeta) -> str:  # noqa: A002 -- the field that holds it
    """The key of this object."""
    metadata = object.metadata
    return f"{metadata.namespace}/{metadata.name}" if metadata.namespace else metadata.name


def split_key(key: str) -> tuple[str, str]:
    """Namespace and name of a key.

    >>> split_key("default/web"), split_key("node-1")
    (('default', 'web'), ('', 'node-1'))
    """
    namespace, _, name = key.rpartition("/")
    return namespace, name


def revision_of(metadata: ObjectMeta) -> int:
    """The revision in the store; 0 if the object was never stored.

    >>> revision_of(ObjectMeta(resource_version="41"))
    41
    """
    return int(metadata.resource_version or 0)


def is_namespace_terminating(error: StatusError) -> bool:
    """Whether a creation was rejected because the namespace is being deleted: no error, and a retry is pointless."""
    details = error.status.details
    return details is not None and any(one.reason == NAMESPACE_TERMINATING for one in details.causes)


def is_ambiguous(error: StatusError) -> bool:
    """Whether there was no answer: the request may or may not have taken effect."""
    return isinstance(error, Timeout | ServiceUnavailable)
