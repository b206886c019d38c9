"""Subresources: what can be done to an object besides reading and replacing it. Each is a class here or nearby.

`status` and `finalize` are parts of the object, which `Registry.update` handles.
"""

from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.status import MethodNotAllowed, Status, StatusDetails, StatusError
from kubeactors.apiserver.admission.plugin import Attributes
from kubeactors.apiserver.registry.registry import Registry, Written
from kubeactors.apiserver.registry.resource import Resource, Transform


def not_allowed() -> StatusError:
    """The error for a verb that is not supported."""
    message = "the server does not allow this method on the requested resource"
    return MethodNotAllowed.saying(message, StatusDetails())


class Subresource:
    """The base of subresources: supports no verb."""

    def get(self, resource: Resource, value: TypedObject) -> TypedObject:
        """The subresource of a stored object."""
        del resource, value
        raise not_allowed()

    async def create(
        self, registry: Registry, resource: Resource, value: TypedObject, attributes: Attributes
    ) -> TypedObject | Status:
        """Handle a POST; returns the reply.

        Raises:
            StatusError: it is rejected.
        """
        del registry, resource, value, attributes
        raise not_allowed()

    async def update(
        self, registry: Registry, resource: Resource, attributes: Attributes, transform: Transform, uid: str = ""
    ) -> Written:
        """Update the object through the representation that `get` returns, if it has this `uid` (empty: any).

        Raises:
            StatusError: it is rejected.
        """
        del registry, resource, attributes, transform, uid
        raise not_allowed()


class Part(Subresource):
    """A part that is represented by the whole object: `status`, `finalize`."""

    def get(self, resource: Resource, value: TypedObject) -> TypedObject:
        """The whole object."""
        return value

    async def update(
        self, registry: Registry, resource: Resource, attributes: Attributes, transform: Transform, uid: str = ""
    ) -> Written:
        """Update this part alone."""
        change = resource.storing(transform) if resource.kind.has_webhook_conversion else transform
        return await registry.update(resource, attributes, change, uid)
