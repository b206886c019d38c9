"""User actions on an object while a component's write to it is in flight."""

from kubeactors.api import SCHEME
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import ApiRequest, Create
from kubeactors.client import controller_of
from kubeactors.sim.workload.interference import Interfere, InterferenceKind

UNTOUCHED = ("nodes", "namespaces", "persistentvolumes", "persistentvolumeclaims")
"""Resources that users leave alone: machines, namespaces and data."""


def interfering_action(write: ApiRequest[object], how: InterferenceKind, *, is_done: bool) -> Interfere | None:
    """The action on the object that a write is about; before a create takes effect, on the object's owner.

    None if there is no such object, its kind is not built in, or users leave it alone.

    >>> from kubeactors.apimachinery.requests import Delete
    >>> from kubeactors.api.core.v1 import Pod
    >>> write = Delete(resource=SCHEME.resource_of(Pod), namespace="default", name="web-1")
    >>> interfering_action(write, "release", is_done=False)
    Interfere(at=0.0, api_version='v1', of='Pod', name='web-1', namespace='default', how='release')
    """
    name = write.name
    if isinstance(write, Create) and not write.subresource:
        owner = controller_of(write.object.metadata)
        if not is_done and owner is not None:
            return Interfere(
                at=0.0,
                api_version=owner.api_version,
                of=owner.kind,
                name=owner.name,
                namespace=write.namespace,
                how=how,
            )
        name = write.object.metadata.name if is_done else ""
    kind = SCHEME.by_resource(write.resource)
    if kind is None or not name or write.resource.resource in UNTOUCHED:
        return None
    return Interfere(at=0.0, api_version=kind.api_version, of=kind.kind, name=name, namespace=write.namespace, how=how)


def deletion_of(written: TypedObject) -> Interfere | None:
    """The deletion of an object that was just written; None if users leave it alone.

    >>> from kubeactors.api.core.v1 import Pod
    >>> from kubeactors.apimachinery.meta import ObjectMeta
    >>> deletion_of(Pod(metadata=ObjectMeta(name="web-1", namespace="default")))
    Interfere(at=0.0, api_version='v1', of='Pod', name='web-1', namespace='default', how='delete')
    """
    kind, metadata = SCHEME.by_kind(written.api_version, written.kind), written.metadata
    if kind is None or kind.resource in UNTOUCHED:
        return None
    return Interfere(
        at=0.0,
        api_version=kind.api_version,
        of=kind.kind,
        name=metadata.name,
        namespace=metadata.namespace,
        how="delete",
    )
