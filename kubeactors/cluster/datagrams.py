"""Forwards datagrams between clients and the pods behind a service port.

Source: as conntrack does it for kube-proxy: a client keeps its backend until both have been silent for 30 seconds
(net.netfilter.nf_conntrack_udp_timeout).
"""

from contextlib import suppress
from ipaddress import ip_address

import anyio
from anyio.abc import ConnectedUDPSocket, TaskGroup, UDPSocket

from kubeactors.actor import AskError, Ref
from kubeactors.cluster.policy_gate import PolicyGate
from kubeactors.network.proxy import Backend, Choose, Front, ProxyMessage

IDLE_SECONDS = 30.0
MAX_CLIENTS = 1000
"""The limit per port; datagrams of further clients are dropped."""


class DatagramForwarder:
    """A UDP port of a service.

    Args:
        datagrams: the socket.
        proxy: chooses backends.
        gate: decides which datagrams may be sent.
        front: the port.
    """

    def __init__(self, datagrams: UDPSocket, proxy: Ref[ProxyMessage], gate: PolicyGate, front: Front) -> None:
        self._datagrams = datagrams
        self._proxy = proxy
        self._gate = gate
        self._front = front
        self._backends: dict[tuple[str, int], ConnectedUDPSocket] = {}
        self._idle: dict[tuple[str, int], anyio.CancelScope] = {}

    async def run(self) -> None:
        """Forward until cancelled."""
        async with anyio.create_task_group() as group:
            async for data, client in self._datagrams:
                with suppress(OSError, AskError, anyio.BrokenResourceError, anyio.ClosedResourceError):
                    backend = self._backends.get(client) or await self._open(client, group)
                    if backend is not None:
                        self._is_heard(client)
                        await backend.send(data)

    async def _open(self, client: tuple[str, int], group: TaskGroup) -> ConnectedUDPSocket | None:
        """A socket for a new client; None if there is no backend for it."""
        if len(self._backends) >= MAX_CLIENTS:
            return None
        found = await self._proxy.ask(Choose(self._front, client[0]))
        if found is None or not is_here(found):
            return None
        if not await self._gate.allows(client[0], found.address, found.port, "UDP"):
            return None
        backend = await anyio.create_connected_udp_socket(found.address, found.port)
        self._backends[client] = backend
        self._idle[client] = anyio.CancelScope(deadline=anyio.current_time() + IDLE_SECONDS)
        group.start_soon(self._answer, client, backend)
        return backend

    async def _answer(self, client: tuple[str, int], backend: ConnectedUDPSocket) -> None:
        """Send a backend's datagrams back, until both have been silent too long."""
        try:
            async with backend:
                with self._idle[client], suppress(OSError, anyio.BrokenResourceError):
                    async for data in backend:
                        self._is_heard(client)
                        await self._datagrams.sendto(data, *client)
        finally:
            del self._backends[client], self._idle[client]

    def _is_heard(self, client: tuple[str, int]) -> None:
        self._idle[client].deadline = anyio.current_time() + IDLE_SECONDS


def is_here(backend: Backend) -> bool:
    """Whether it is a coroutine's: addresses of simulated pods may be those of real hosts, which are not contacted."""
    return ip_address(backend.address).is_loopback
