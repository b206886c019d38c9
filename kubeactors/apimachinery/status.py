"""Status: the result of a request without an object; and the exceptions that carry one.

Inside the API server an error is raised as a `StatusError` and sent as its `Status`; a `Client` raises it again.

Source: apimachinery/pkg/api/errors/errors.go, apimachinery/pkg/apis/meta/v1/types.go (v1.36).
"""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from kubeactors.apimachinery.field import FieldError
from kubeactors.apimachinery.meta import ListMeta, Object, always


class StatusCause(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A cause of a failure; for validation, one field."""

    reason: str = ""
    message: str = ""
    field: str = ""


class StatusDetails(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The object of a status. `kind` is sometimes a resource ("pods"), as in Kubernetes."""

    name: str = ""
    group: str = ""
    kind: str = ""
    uid: str = ""
    causes: tuple[StatusCause, ...] = ()
    retry_after_seconds: int = 0


class Status(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The result of a request that returns no object; `status` is Success or Failure."""

    kind: str = always("Status")
    api_version: str = always("v1")
    metadata: ListMeta = always(ListMeta())
    status: str = ""
    message: str = ""
    reason: str = ""
    details: StatusDetails | None = None
    code: int = 0


class StatusError(Exception):
    """A request was rejected. The subclass is the reason; `status` is the whole reply."""

    reason: ClassVar[str] = ""
    code: ClassVar[int] = 500

    def __init__(self, status: Status) -> None:
        super().__init__(status.message)
        self.status = status

    @classmethod
    def of(cls, status: Status) -> "StatusError":
        """The error of the class for the status' reason."""
        if status.reason == Conflict.reason and status.message.endswith(UID_OF_NOTHING):
            return ObjectGone(status)
        return _BY_REASON.get(status.reason, StatusError)(status)

    @classmethod
    def saying(cls, message: str, details: StatusDetails | None = None) -> "StatusError":
        """An error of this class with this message."""
        return cls(Status(status="Failure", message=message, reason=cls.reason, details=details, code=cls.code))


class BadRequest(StatusError):
    """The request is malformed; retrying does not help."""

    reason: ClassVar[str] = "BadRequest"
    code: ClassVar[int] = 400


class Unauthorized(StatusError):
    """The request is not authenticated; send valid credentials."""

    reason: ClassVar[str] = "Unauthorized"
    code: ClassVar[int] = 401


class Forbidden(StatusError):
    """The user may not do this, or a policy rejects it."""

    reason: ClassVar[str] = "Forbidden"
    code: ClassVar[int] = 403


class NotFound(StatusError):
    """The object, or the kind of object, does not exist."""

    reason: ClassVar[str] = "NotFound"
    code: ClassVar[int] = 404


class MethodNotAllowed(StatusError):
    """The resource does not support this verb."""

    reason: ClassVar[str] = "MethodNotAllowed"
    code: ClassVar[int] = 405


class NotAcceptable(StatusError):
    """None of the accepted media types can be produced."""

    reason: ClassVar[str] = "NotAcceptable"
    code: ClassVar[int] = 406


class AlreadyExists(StatusError):
    """An object of this name exists; read it, or choose another name."""

    reason: ClassVar[str] = "AlreadyExists"
    code: ClassVar[int] = 409


class Conflict(StatusError):
    """The object has changed since it was read, or a precondition failed; read again and retry."""

    reason: ClassVar[str] = "Conflict"
    code: ClassVar[int] = 409


UID_OF_NOTHING = "UID in object meta: "
"""How a conflict ends that was found with no object at all.

Source: Preconditions.Check in apiserver pkg/storage/interfaces.go (v1.36), of a zero object."""


class ObjectGone(Conflict, NotFound):
    """An update names the UID of an object that does not exist: by its reason a conflict, in effect NotFound as well."""


class Gone(StatusError):
    """The requested item no longer exists, for good."""

    reason: ClassVar[str] = "Gone"
    code: ClassVar[int] = 410


class Expired(StatusError):
    """The resource version is too old; list again and watch from there."""

    reason: ClassVar[str] = "Expired"
    code: ClassVar[int] = 410


class RequestEntityTooLarge(StatusError):
    """The body, or the object after the change, is too large."""

    reason: ClassVar[str] = "RequestEntityTooLarge"
    code: ClassVar[int] = 413


class UnsupportedMediaType(StatusError):
    """The media type of the body is not supported."""

    reason: ClassVar[str] = "UnsupportedMediaType"
    code: ClassVar[int] = 415


class Invalid(StatusError):
    """The object fails validation; the causes name the fields."""

    reason: ClassVar[str] = "Invalid"
    code: ClassVar[int] = 422


class TooManyRequests(StatusError):
    """Slow down, or wait until a disruption is allowed; retry after the given seconds."""

    reason: ClassVar[str] = "TooManyRequests"
    code: ClassVar[int] = 429


class InternalError(StatusError):
    """The server has failed."""

    reason: ClassVar[str] = "InternalError"
    code: ClassVar[int] = 500


class ServiceUnavailable(StatusError):
    """The server cannot reply now; retry."""

    reason: ClassVar[str] = "ServiceUnavailable"
    code: ClassVar[int] = 503


class Timeout(StatusError):
    """The reply did not come in time; whether the request took effect is unknown."""

    reason: ClassVar[str] = "Timeout"
    code: ClassVar[int] = 504


_BY_REASON: dict[str, type[StatusError]] = {
    one.reason: one
    for one in (
        BadRequest, Unauthorized, Forbidden, NotFound, MethodNotAllowed, NotAcceptable, AlreadyExists, Conflict, Gone,
        Expired, RequestEntityTooLarge, UnsupportedMediaType, Invalid, TooManyRequests, InternalError,
        ServiceUnavailable, Timeout,
    )
}  # fmt: skip


def qualified(resource: str, group: str) -> str:
    """A resource as messages show it: `pods`, `deployments.apps`."""
    return f"{resource}.{group}" if group else resource


def not_found(resource: str, group: str, name: str) -> StatusError:
    """The named object does not exist.

    >>> print(not_found("deployments", "apps", "web"))
    deployments.apps "web" not found
    """
    details = StatusDetails(name=name, group=group, kind=resource)
    return NotFound.saying(f'{qualified(resource, group)} "{name}" not found', details)


def already_exists(resource: str, group: str, name: str) -> StatusError:
    """An object of that name exists."""
    details = StatusDetails(name=name, group=group, kind=resource)
    return AlreadyExists.saying(f'{qualified(resource, group)} "{name}" already exists', details)


def conflict(resource: str, group: str, name: str, why: str) -> StatusError:
    """The operation is not possible in the object's current state."""
    details = StatusDetails(name=name, group=group, kind=resource)
    return Conflict.saying(f'Operation cannot be fulfilled on {qualified(resource, group)} "{name}": {why}', details)


def forbidden(resource: str, group: str, name: str, why: str) -> StatusError:
    """The operation on the object is not allowed."""
    details = StatusDetails(name=name, group=group, kind=resource)
    named = f'{qualified(resource, group)} "{name}"' if name else qualified(resource, group)
    return Forbidden.saying(f"{named} is forbidden: {why}", details)


def invalid(kind: str, group: str, name: str, errors: Iterable[FieldError]) -> StatusError:
    """The object fails validation. `kind` is the kind, not the resource.

    An error that is found twice (by two rules for a field) makes two causes, but occurs once in the message.
    """
    found = tuple(errors)
    causes = tuple(StatusCause(reason=one.reason, message=one.message, field=one.field) for one in found)
    details = StatusDetails(name=name, group=group, kind=kind, causes=causes)
    messages = tuple(dict.fromkeys(str(one) for one in found))
    return Invalid.saying(f'{qualified(kind, group)} "{name}" is invalid: {aggregate(messages)}', details)


def aggregate(messages: Sequence[str]) -> str:
    """Several messages as one: a single one as it is, several in brackets. Source: util/errors Aggregate.

    >>> aggregate(["a"]), aggregate(["a", "b"])
    ('a', '[a, b]')
    """
    return messages[0] if len(messages) == 1 else f"[{', '.join(messages)}]"
