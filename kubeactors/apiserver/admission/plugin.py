"""What an admission plug-in is: a rule about requests that is neither authorization nor validation of the object.

Plug-ins are plain and synchronous. What they must know of other objects they look up in the watch cache; a refusal
that the cache may be too old for is repeated by the server once the cache has caught up.
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
    """What a request is about, besides the object. `old` is the object as it is stored, for update and delete.

    Plug-ins add to `warnings` what the client should know of an object that they admit, and to `on_settled` what is to
    be called when the write has come to its end: with the object as it was written, None if it was not, or the error
    if nobody knows.
    `manager` is the name under which the client owns what it writes; empty for components that do not name one.
    """

    operation: str
    kind: Kind[TypedObject]
    """The version that the request names; to policies and webhooks, the one that their rules name."""
    namespace: str
    name: str
    user: UserInfo
    subresource: str = ""
    old: TypedObject | None = None
    dry_run: bool = False
    manager: str = ""
    applies: bool = False
    """Whether this is server-side apply, which has looked after the owners itself."""
    requested: Kind[TypedObject] | None = None
    """The version that the request names, if a policy or webhook sees the object in another."""
    written_through: str = ""
    """The subresource that owners are noted with, if it is another: a scale is written as a part of the whole.

    Then, as in the original, the time is not noted.
    """
    reinvocation: Reinvocation = msgspec.field(default_factory=Reinvocation)
    """Which policies and webhooks have changed something, and who sees it then."""
    warnings: list[str] = []
    on_settled: list[Callable[[TypedObject | AskError | None], None]] = []


class Lookup(Protocol):
    """Finds other objects."""

    def get(self, resource: GroupVersionResource, namespace: str, name: str) -> TypedObject | None:
        """The object, or None if there is none."""
        ...

    def select(self, resource: GroupVersionResource, namespace: str = "") -> Iterator[TypedObject]:
        """The objects of a namespace, or of all."""
        ...


class Plugin:
    """The base of plug-ins: admits everything as it is."""

    def concerns(self, kind: Kind[TypedObject], subresource: str, operation: str) -> bool:
        """Whether the plug-in has anything to do with such requests."""
        raise NotImplementedError

    def admit(self, value: TypedObject, attributes: Attributes) -> TypedObject:
        """The object as it shall be; called before validation.

        Raises:
            StatusError: the request is refused.
        """
        del attributes
        return value

    def validate(self, value: TypedObject | None, attributes: Attributes) -> None:
        """Look at the object as it will be stored; None for a deletion. Called after validation.

        Raises:
            StatusError: the request is refused.
        """


def refused(value: TypedObject | None, attributes: Attributes, why: str) -> StatusError:
    """The refusal of a plug-in; an object without a name yet is called by its prefix."""
    name = attributes.name
    if not name and value is not None:
        name = value.metadata.name or value.metadata.generate_name
    return forbidden(attributes.kind.resource, attributes.kind.group, name or "Unknown", why)
