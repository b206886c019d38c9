"""The interface of admission plug-ins.

Plug-ins are plain and synchronous. They look up other objects in the watch cache; if a rejection may be due to a stale
cache, the server retries the request once the cache has caught up.
"""

from collections.abc import Callable, Iterator
from typing import Protocol

import msgspec

from kubeactors.actor import AskError
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import GroupVersionResource, UserInfo
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apimachinery.status import StatusError, forbidden
from kubeactors.apiserver.admission.reinvocation import Reinvocation

CREATE, UPDATE, DELETE = "CREATE", "UPDATE", "DELETE"


class Attributes(msgspec.Struct, frozen=True, kw_only=True):
    """The attributes of a request besides its object. `old` is the stored object, for updates and deletions.

    Plug-ins append warnings for the client to `warnings`, and callbacks to `on_settled`. These are called when the
    write is complete: with the object as written, None if nothing was written, or the error if that is unknown.
    `manager` is the client's field manager; empty for components that do not name one.
    """

    operation: str
    kind: Kind[TypedObject]
    """The version in the request; for policies and webhooks, the version in their rules."""
    namespace: str
    name: str
    user: UserInfo
    subresource: str = ""
    old: TypedObject | None = None
    dry_run: bool = False
    manager: str = ""
    applies: bool = False
    """Whether this is server-side apply, which has computed the managed fields itself."""
    requested: Kind[TypedObject] | None = None
    """The version in the request, if a policy or webhook sees the object in another one."""
    written_through: str = ""
    """The subresource to record in managed fields, if it is another: a scale is written as a part of the whole object.

    Then no time is recorded, as in Kubernetes.
    """
    reinvocation: Reinvocation = msgspec.field(default_factory=Reinvocation)
    """Which policies and webhooks have changed the object, and which are to see it again."""
    warnings: list[str] = []
    on_settled: list[Callable[[TypedObject | AskError | None], None]] = []


class Lookup(Protocol):
    """Looks up other objects."""

    def get(self, resource: GroupVersionResource, namespace: str, name: str) -> TypedObject | None:
        """The object, or None if there is none."""
        ...

    def select(self, resource: GroupVersionResource, namespace: str = "") -> Iterator[TypedObject]:
        """The objects of a namespace, or of all."""
        ...


class Plugin:
    """The base of plug-ins: admits everything unchanged."""

    def concerns(self, kind: Kind[TypedObject], subresource: str, operation: str) -> bool:
        """Whether the plug-in handles such requests."""
        raise NotImplementedError

    def admit(self, value: TypedObject, attributes: Attributes) -> TypedObject:
        """The mutating phase: the changed object. Called before validation.

        Raises:
            StatusError: the request is rejected.
        """
        del attributes
        return value

    def validate(self, value: TypedObject | None, attributes: Attributes) -> None:
        """The validating phase: check the object as it will be stored; None for a deletion. Called after validation.

        Raises:
            StatusError: the request is rejected.
        """


def refused(value: TypedObject | None, attributes: Attributes, why: str) -> StatusError:
    """The error of a plug-in; an object that has no name yet is identified by its prefix."""
    name = attributes.name
    if not name and value is not None:
        name = value.metadata.name or value.metadata.generate_name
    return forbidden(attributes.kind.resource, attributes.kind.group, name or "Unknown", why)
