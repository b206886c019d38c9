"""What can be done to an object besides reading and replacing it: each subresource is a class here or beside this file.

`status` and `finalize` are parts of the object and need no class: `Registry.update` knows them.
"""

from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.status import MethodNotAllowed, Status, StatusDetails, StatusError
from kubeactors.apiserver.admission.plugin import Attributes
from kubeactors.apiserver.registry.registry import Registry, Written
from kubeactors.apiserver.registry.resource import Resource, Transform


def not_allowed() -> StatusError:
    """The refusal of a verb."""
    message = "the server does not allow this method on the requested resource"
    return MethodNotAllowed.saying(message, StatusDetails())


class Subresource:
    """The base of subresources: knows no verb."""

    def get(self, resource: Resource, value: TypedObject) -> TypedObject:
        """The subresource of a stored object."""
        del resource, value
        raise not_allowed()

    async def create(
        self, registry: Registry, resource: Resource, value: TypedObject, attributes: Attributes
    ) -> TypedObject | Status:
        """Act; the answer is the result.

        Raises:
            StatusError: it cannot be done.
        """
        del registry, resource, value, attributes
        raise not_allowed()

    async def update(
        self, registry: Registry, resource: Resource, attributes: Attributes, transform: Transform
    ) -> Written:
        """Change the object through what `get` shows of it.

        Raises:
            StatusError: it cannot be done.
        """
        del registry, resource, attributes, transform
        raise not_allowed()


class Part(Subresource):
    """A part of the object that is shown as the whole object: `status`, `finalize`."""

    def get(self, resource: Resource, value: TypedObject) -> TypedObject:
        """The whole object."""
        return value

    async def update(
        self, registry: Registry, resource: Resource, attributes: Attributes, transform: Transform
    ) -> Written:
        """Change this part alone."""
        change = resource.storing(transform) if resource.kind.is_asked_for else transform
        return await registry.update(resource, attributes, change)
