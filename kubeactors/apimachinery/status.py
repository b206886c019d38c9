"""Status: how the API server says yes or no; and the errors that carry one.

Inside the API server a refusal is raised as a `StatusError` and leaves as its `Status`; a `Client` raises it again.

Source: apimachinery/pkg/api/errors/errors.go, apimachinery/pkg/apis/meta/v1/types.go (v1.36).
"""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from kubeactors.apimachinery.field import FieldError
from kubeactors.apimachinery.meta import ListMeta, Object, always


class StatusCause(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One cause of a failure; for validation, one field."""

    reason: str = ""
    message: str = ""
    field: str = ""


class StatusDetails(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What the status is about. `kind` is sometimes a resource ("pods"), as in the original."""

    name: str = ""
    group: str = ""
    kind: str = ""
    uid: str = ""
    causes: tuple[StatusCause, ...] = ()
    retry_after_seconds: int = 0


class Status(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The outcome of a request that returns no object; `status` is Success or Failure."""

    kind: str = always("Status")
    api_version: str = always("v1")
    metadata: ListMeta = always(ListMeta())
    status: str = ""
    message: str = ""
    reason: str = ""
    details: StatusDetails | None = None
    code: int = 0


class StatusError(Exception):
    """A request was refused. The subclass names the reason; `status` is the whole answer."""

    reason: ClassVar[str] = ""
    code: ClassVar[int] = 500

    def __init__(self, status: Status) -> None:
        super().__init__(status.message)
        self.status = status

    @classmethod
    def of(cls, status: Status) -> "StatusError":
        """The error of the class that the status' reason names."""
        return _BY_REASON.get(status.reason, StatusError)(status)

    @classmethod
    def saying(cls, message: str, details: StatusDetails | None = None) -> "StatusError":
        """An error of this class with a message of its own."""
        return cls(Status(status="Failure", message=message, reason=cls.reason, details=details, code=cls.code))


class BadRequest(StatusError):
    """The request makes no sense; repeating it does not help."""

    reason: ClassVar[str] = "BadRequest"
    code: ClassVar[int] = 400


class Unauthorized(StatusError):
    """The server does not know who asks; send credentials."""

    reason: ClassVar[str] = "Unauthorized"
    code: ClassVar[int] = 401


class Forbidden(StatusError):
    """The user may not do this, or policy refuses it."""

    reason: ClassVar[str] = "Forbidden"
    code: ClassVar[int] = 403


class NotFound(StatusError):
    """The object, or the kind of object, does not exist."""

    reason: ClassVar[str] = "NotFound"
    code: ClassVar[int] = 404


class MethodNotAllowed(StatusError):
    """The resource does not know this verb."""

    reason: ClassVar[str] = "MethodNotAllowed"
    code: ClassVar[int] = 405


class NotAcceptable(StatusError):
    """No media type that the client accepts can be produced."""

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


class Gone(StatusError):
    """What was asked for is no longer there, for good."""

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
    """The body is in a format that the server does not read."""

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
    """The server broke."""

    reason: ClassVar[str] = "InternalError"
    code: ClassVar[int] = 500


class ServiceUnavailable(StatusError):
    """The server cannot answer now; retry."""

    reason: ClassVar[str] = "ServiceUnavailable"
    code: ClassVar[int] = 503


class Timeout(StatusError):
    """The answer did not come in time; whether the request took effect is unknown."""

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
    """A resource as messages name it: `pods`, `deployments.apps`."""
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
    """The operation on the named object cannot be done in its present state."""
    details = StatusDetails(name=name, group=group, kind=resource)
    return Conflict.saying(f'Operation cannot be fulfilled on {qualified(resource, group)} "{name}": {why}', details)


def forbidden(resource: str, group: str, name: str, why: str) -> StatusError:
    """The operation on the named object is not allowed."""
    details = StatusDetails(name=name, group=group, kind=resource)
    named = f'{qualified(resource, group)} "{name}"' if name else qualified(resource, group)
    return Forbidden.saying(f"{named} is forbidden: {why}", details)


def invalid(kind: str, group: str, name: str, errors: Iterable[FieldError]) -> StatusError:
    """The object fails validation. `kind` is the kind, not the resource.

    What is found twice (as a field that more than one rule looks at) is two causes, but said once.
    """
    found = tuple(errors)
    causes = tuple(StatusCause(reason=one.reason, message=one.message, field=one.field) for one in found)
    details = StatusDetails(name=name, group=group, kind=kind, causes=causes)
    messages = tuple(dict.fromkeys(str(one) for one in found))
    return Invalid.saying(f'{qualified(kind, group)} "{name}" is invalid: {aggregate(messages)}', details)


def aggregate(messages: Sequence[str]) -> str:
    """Several messages as one: alone as it is, more in brackets. Source: util/errors Aggregate.

    >>> aggregate(["a"]), aggregate(["a", "b"])
    ('a', '[a, b]')
    """
    return messages[0] if len(messages) == 1 else f"[{', '.join(messages)}]"
