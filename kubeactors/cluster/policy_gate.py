"""Checks connections against network policies before a socket is opened."""

from collections.abc import Awaitable, Callable

import anyio

from kubeactors.actor import AskError, Ref
from kubeactors.network.policy import IsAllowed, PolicyMessage

NODE = "127.0.0.1"
"""Connections from here come from the node, or through it: the kubelet and the service proxy may reach every pod."""


class PolicyGate:
    """Asks the actor that evaluates policies, which is started at the first question.

    Args:
        start: starts it.
    """

    def __init__(self, start: Callable[[], Awaitable[Ref[PolicyMessage]]]) -> None:
        self._start = start
        self._policies: Ref[PolicyMessage] | None = None
        self._starting = anyio.Lock()

    async def allows(self, source: str, target: str, port: int, protocol: str = "TCP") -> bool:
        """Whether a connection from an address to a port of another is allowed; not if the actor does not answer."""
        if source == NODE:
            return True
        policies = await self._asked()
        try:
            return await policies.ask(IsAllowed(source, target, port, protocol))
        except AskError:
            return False

    async def _asked(self) -> Ref[PolicyMessage]:
        async with self._starting:
            if self._policies is None:
                self._policies = await self._start()
        return self._policies
