"""The errors of the registry, with the messages of Kubernetes, except `TAKEN`, which has no counterpart there.

Source: apimachinery/pkg/api/errors/errors.go, apiserver/pkg/registry/generic/registry/store.go,
apiserver/pkg/storage/errors.go (v1.36).
"""

from msgspec.structs import replace

from kubeactors.apimachinery.field import invalid as invalid_field
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.status import (
    AlreadyExists,
    Status,
    StatusDetails,
    StatusError,
    already_exists,
    conflict,
    invalid,
)
from kubeactors.apiserver.registry.resource import Resource

MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"
TAKEN = "a cluster IP allocated to it has been allocated by another server too; please try again"


def exists(resource: Resource, existing: TypedObject) -> StatusError:
    """The error of a create whose object exists; it says so if that is being deleted."""
    refusal = already_exists(resource.kind.resource, resource.kind.group, existing.metadata.name)
    if existing.metadata.deletion_timestamp is None:
        return refusal
    return AlreadyExists(replace(refusal.status, message=f"object is being deleted: {refusal.status.message}"))


def no_unique_name(refusal: StatusError) -> StatusError:
    """The error of a create after every generated name was taken."""
    status: Status = refusal.status
    message = f"{status.message}, the server was not able to generate a unique name for the object"
    details = replace(status.details or StatusDetails(), retry_after_seconds=1)
    return AlreadyExists(replace(status, message=message, details=details))


def modified(resource: Resource, name: str) -> StatusError:
    """The error of an update at another resource version."""
    return conflict(resource.kind.resource, resource.kind.group, name, MODIFIED)


def no_version(resource: Resource, name: str) -> StatusError:
    """The error of an update without the resource version that its kind requires."""
    error = invalid_field("metadata.resourceVersion", 0, "must be specified for an update")
    return invalid(resource.kind.resource, resource.kind.group, name, (error,))


def taken(resource: Resource, name: str) -> StatusError:
    """The error of a write whose cluster IP another server has allocated meanwhile."""
    return conflict(resource.kind.resource, resource.kind.group, name, TAKEN)


def wrong_uid(resource: Resource, namespace: str, name: str, uid: str, found: str) -> StatusError:
    """The error of an update of another object than the one with this uid. In Kubernetes it comes from the storage."""
    why = (
        f"StorageError: invalid object, Code: 4, Key: {resource.key(namespace, name)}, ResourceVersion: 0, "
        f"AdditionalErrorMsg: Precondition failed: UID in precondition: {uid}, UID in object meta: {found}"
    )
    return conflict(resource.kind.resource, resource.kind.group, name, why)
