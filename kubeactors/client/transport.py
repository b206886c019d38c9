"""How requests reach the API server."""

from typing import Protocol, TypeVar

from kubeactors.actor import AskError, AskTimedOut, Ref
from kubeactors.apimachinery.requests import (
    ApiRequest,
    Create,
    Delete,
    DeleteCollection,
    Get,
    List,
    Patch,
    StopWatch,
    Update,
    Watch,
)
from kubeactors.apimachinery.status import ServiceUnavailable, Timeout

R = TypeVar("R")

ApiMessage = Get | List | Create | Update | Patch | Delete | DeleteCollection | Watch | StopWatch
"""What the API server understands."""


class Transport(Protocol):
    """Carries requests to an API server. A refusal is a reply; only a server that does not answer raises."""

    async def send(self, request: ApiRequest[R]) -> R:
        """The reply.

        Raises:
            ServiceUnavailable: the server could not be reached; retry.
            Timeout: no reply came in time. As with ServiceUnavailable, the request may have taken effect.
        """
        ...

    def stop_watch(self, message: StopWatch) -> None:
        """End a watch. Never waits; a watch that is gone already is no error."""
        ...


class InProcessTransport:
    """Reaches an API server that lives in this process: requests travel as they are."""

    def __init__(self, server: Ref[ApiMessage], timeout_seconds: float = 30.0) -> None:
        self._server = server
        self._timeout_seconds = timeout_seconds

    async def send(self, request: ApiRequest[R]) -> R:
        """The reply of the server's actor."""
        try:
            return await self._server.ask(request, timeout_seconds=self._timeout_seconds)
        except AskTimedOut as error:
            raise Timeout.saying(f"the API server did not answer within {self._timeout_seconds:g} seconds") from error
        except AskError as error:
            raise ServiceUnavailable.saying(f"the API server cannot be reached: {error}") from error

    def stop_watch(self, message: StopWatch) -> None:
        """Tell the server; if it is gone, so is the watch."""
        self._server.tell(message)
