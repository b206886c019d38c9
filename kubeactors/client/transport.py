"""How requests reach the API server."""

from collections.abc import Awaitable, Generator
from typing import Generic, Protocol, TypeVar

from kubeactors.actor import AskError, AskTimedOut, Ref
from kubeactors.apimachinery.requests import (
    ApiRequest,
    Create,
    Delete,
    DeleteCollection,
    Get,
    List,
    Patch,
    RenewLeases,
    StopWatch,
    Update,
    Watch,
)
from kubeactors.apimachinery.status import ServiceUnavailable, Timeout

R = TypeVar("R")

ApiMessage = Get | List | Create | Update | Patch | Delete | DeleteCollection | Watch | StopWatch | RenewLeases
"""The messages of the API server."""


class Transport(Protocol):
    """Carries requests to an API server. An error Status is a reply; only a server that does not answer raises."""

    def send(self, request: ApiRequest[R]) -> Awaitable[R]:
        """Send a request at once. Awaitable: the reply. So several can be sent before one is awaited.

        Raises (when awaited):
            ServiceUnavailable: the server could not be reached; retry.
            Timeout: no reply came in time. As with ServiceUnavailable, the request may have taken effect.
        """
        ...

    def stop_watch(self, message: StopWatch) -> None:
        """Stop a watch. Never waits; a watch that has ended already is no error."""
        ...


class InProcessTransport:
    """Reaches an API server in this process: nothing is serialised."""

    def __init__(self, server: Ref[ApiMessage], timeout_seconds: float = 30.0) -> None:
        self._server = server
        self._timeout_seconds = timeout_seconds

    def send(self, request: ApiRequest[R]) -> Awaitable[R]:
        """See `Transport.send`."""
        return _Reply(self._server.send_request(request, timeout_seconds=self._timeout_seconds))

    def stop_watch(self, message: StopWatch) -> None:
        """See `Transport.stop_watch`; if the server has stopped, so has the watch."""
        self._server.tell(message)


class _Reply(Generic[R]):
    """An ask whose failures are those of a transport."""

    __slots__ = ("_ask",)

    def __init__(self, ask: Awaitable[R]) -> None:
        self._ask = ask

    def __await__(self) -> Generator[object, None, R]:
        try:
            return (yield from self._ask.__await__())
        except AskTimedOut as error:
            raise Timeout.saying("the API server did not answer in time") from error
        except AskError as error:
            raise ServiceUnavailable.saying(f"the API server cannot be reached: {error}") from error
