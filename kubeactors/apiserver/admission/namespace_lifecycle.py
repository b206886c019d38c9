"""NamespaceLifecycle: nothing is created in a missing or terminating namespace, and system namespaces are not deleted.

Source: apiserver/pkg/admission/plugin/namespace/lifecycle/admission.go (v1.36).
"""

from typing import cast

from msgspec.structs import replace

from kubeactors.api.core.v1.namespace import Namespace
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apimachinery.status import Forbidden, StatusCause, StatusDetails, StatusError, forbidden, not_found
from kubeactors.apiserver.admission.plugin import CREATE, DELETE, Attributes, Lookup, Plugin, refused
from kubeactors.apiserver.objects import NAMESPACES

IMMORTAL = ("default", "kube-system", "kube-public")


class NamespaceLifecycle(Plugin):
    """Requires an active namespace."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    def concerns(self, kind: Kind[TypedObject], subresource: str, operation: str) -> bool:
        """Every creation in a namespace, and the deletion of namespaces."""
        del subresource
        if operation == DELETE:
            return kind.gvr == NAMESPACES
        return kind.namespaced and operation == CREATE

    def admit(self, value: TypedObject, attributes: Attributes) -> TypedObject:
        """The same object, if its namespace is active."""
        if attributes.operation == CREATE:
            self._require_active(value, attributes)
        return value

    def validate(self, value: TypedObject | None, attributes: Attributes) -> None:
        """Reject the deletion of system namespaces."""
        del value
        if attributes.operation == DELETE and attributes.name in IMMORTAL:
            raise forbidden("namespaces", "", attributes.name, "this namespace may not be deleted")

    def _require_active(self, value: TypedObject, attributes: Attributes) -> None:
        name = attributes.namespace
        found = cast("Namespace | None", self._lookup.get(NAMESPACES, "", name))
        if found is None:
            raise not_found("namespaces", "", name)
        if found.status.phase == "Terminating":
            raise _terminating(value, attributes)


def _terminating(value: TypedObject, attributes: Attributes) -> StatusError:
    name = attributes.namespace
    why = f"unable to create new content in namespace {name} because it is being terminated"
    status = refused(value, attributes, why).status
    cause = StatusCause(
        reason="NamespaceTerminating", message=f"namespace {name} is being terminated", field="metadata.namespace"
    )
    details = replace(status.details or StatusDetails(), causes=(cause,))
    return Forbidden(replace(status, details=details))
