"""What the code of an operator is given."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar, cast

from kubeactors.actor.supervision import SECOND
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import UserInfo
from kubeactors.apimachinery.scheme import Scheme
from kubeactors.client import Client, Lister, SharedInformer, Transport

T = TypeVar("T", bound=TypedObject)

OPERATOR_USER = UserInfo(name="operator", groups=("system:masters", "system:authenticated"))
"""It may do everything: what it is allowed to do elsewhere is not what is tested."""


class Misuse(Exception):
    """The code of an operator asks for what there is not; the message says what to do."""


class OperatorClient(Client):
    """A `Client`, with the operator's caches and clock.

    Args:
        transport: the way to the API server.
        scheme: the kinds that the operator knows.
        caches: what its informers know, by kind.
        sleep: waits so many virtual seconds.
        now: virtual time, in nanoseconds.
    """

    def __init__(
        self,
        transport: Transport,
        scheme: Scheme,
        caches: Mapping[type[TypedObject], SharedInformer[TypedObject]],
        sleep: Callable[[float], Awaitable[None]],
        now: Callable[[], int],
    ) -> None:
        super().__init__(transport, OPERATOR_USER, manager="operator", scheme=scheme)
        self._caches = caches
        self._sleep = sleep
        self._now = now
        self.memory: dict[str, object] = {}
        """What the operator's process remembers: empty again when it starts again."""

    @property
    def kinds(self) -> tuple[type[TypedObject], ...]:
        """What is cached."""
        return tuple(self._caches)

    @property
    def seconds(self) -> float:
        """Virtual time."""
        return self._now() / SECOND

    def cached(self, type_: type[T]) -> Lister[T]:
        """What the operator's informer of a kind knows by now. It may be old; it never waits.

        Raises:
            Misuse: nothing of this kind is watched or owned.
        """
        found = self._caches.get(type_)
        if found is None:
            known = ", ".join(one.__name__ for one in self._caches)
            raise Misuse(f"nothing is cached of {type_.__name__}, only of {known}; name it in `watches` or `owns`")
        return cast("Lister[T]", found.lister)

    def sleep(self, seconds: float) -> Awaitable[None]:
        """Awaitable: done after so many seconds of virtual time."""
        return self._sleep(seconds)
