"""The API server as this room sees it: an actor to ask, whose failures become Status errors.

Source: apimachinery/pkg/api/errors/errors.go, apiserver/pkg/server/filters/timeout.go (v1.36).
"""

from collections.abc import Awaitable
from typing import Protocol, TypeVar

from kubeactors.actor import ActorFailed, ActorStopped, AskTimedOut, MailboxFull
from kubeactors.apimachinery.requests import ApiRequest, StopWatch
from kubeactors.apimachinery.status import (
    InternalError,
    ServiceUnavailable,
    Status,
    StatusDetails,
    StatusError,
    Timeout,
    TooManyRequests,
)
from kubeactors.message import Request

R = TypeVar("R")

REQUEST_TIMEOUT_SECONDS = 34.0
"""Source: apiserver/pkg/endpoints/handlers/rest.go, requestTimeoutUpperBound (v1.36)."""


class ServerRef(Protocol):
    """What is used of the server's ref."""

    def ask(self, request: Request[R], *, timeout_seconds: float = ...) -> Awaitable[R]:
        """The reply to a request."""
        ...

    def tell(self, message: StopWatch, /) -> bool:
        """Send without waiting."""
        ...


async def ask(server: ServerRef, request: ApiRequest[R | Status]) -> R | Status:
    """The reply of the server to a request. A Status that is returned is one of success.

    Raises:
        StatusError: the server rejects the request, or cannot reply now.
    """
    try:
        reply = await server.ask(request, timeout_seconds=REQUEST_TIMEOUT_SECONDS)
    except AskTimedOut as error:
        message = "Timeout: request did not complete within the allotted timeout"
        raise Timeout.saying(message, StatusDetails()) from error
    except MailboxFull as error:
        message = "Too many requests: too many requests, please try again later"
        raise TooManyRequests.saying(message, StatusDetails(retry_after_seconds=1)) from error
    except ActorStopped as error:
        raise ServiceUnavailable.saying("the server is shutting down or restarting, please try again") from error
    except ActorFailed as error:
        raise InternalError.saying(f"Internal error occurred: {error.__cause__ or error}") from error
    if isinstance(reply, Status) and reply.status == "Failure":
        raise StatusError.of(reply)
    return reply
