"""The sockets of the service proxy. Backends are chosen in `network/proxy`; bytes are copied here."""

import errno
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TypeVar

import anyio
from anyio.abc import Listener, SocketAttribute, SocketStream, TaskGroup, UDPSocket

from kubeactors.actor import ActorSystem, AskError, Ref
from kubeactors.cluster.datagrams import DatagramForwarder, is_here
from kubeactors.cluster.policy_gate import PolicyGate
from kubeactors.cluster.sockets import reset
from kubeactors.network.proxy import Choose, Front, Fronts, ProxyMessage, ServiceProxy

CONNECT_SECONDS = 5.0

Address = tuple[str, int]
S = TypeVar("S")


class ServiceSockets:
    """Listens at the addresses that the proxy publishes.

    If a port may not be bound, or is in use, a free one of the same address takes its place; for a node port or a load
    balancer's, there is no substitute.

    Args:
        gate: decides which connections are allowed.
        warn: called for ports that are left out.
    """

    def __init__(self, group: TaskGroup, gate: PolicyGate, warn: Callable[[Front, OSError], None]) -> None:
        self._group = group
        self._gate = gate
        self._warn = warn
        self._changed = anyio.Event()
        self._listening: dict[Front, Address] = {}
        self._scopes: dict[Front, anyio.CancelScope] = {}
        self._begun = anyio.Event()
        self._proxy: Ref[ProxyMessage]

    def begin(self, proxy: Ref[ProxyMessage]) -> None:
        """Listen, and ask this proxy for backends."""
        self._proxy = proxy
        self._begun.set()

    def tell(self, message: Fronts, /) -> bool:
        """Listen at these addresses, and no longer at others. Existing connections continue."""
        old = [one for one in self._scopes if message.service in {None, one.service}]
        wanted = dict.fromkeys(message.fronts)
        for front in old:
            if front not in wanted:
                self._scopes.pop(front).cancel()
        for front in message.fronts:
            if front not in self._scopes:
                scope = self._scopes[front] = anyio.CancelScope()
                self._group.start_soon(self._listen, front, scope)
        return True

    async def address(
        self, name: str, port: int | str, *, namespace: str = "default", protocol: str = "TCP"
    ) -> Address:
        """The address of a service's port, by number or name; waits until it can be connected to."""
        while True:
            for front, address in self._listening.items():
                named = front.service == f"{namespace}/{name}" and port in {front.port, front.name}
                if named and front.protocol == protocol and not front.external:
                    return address
            await self._changed.wait()

    async def _listen(self, front: Front, scope: anyio.CancelScope) -> None:
        with scope:
            await self._begun.wait()
            try:
                if front.protocol == "UDP":
                    datagrams = await _bind(front, _datagrams)
                    async with datagrams:
                        passed_on = DatagramForwarder(datagrams, self._proxy, self._gate, front)
                        await self._serve(front, _local(datagrams), passed_on.run)
                else:
                    listener = await _bind(front, _listener)
                    async with listener:
                        handler = partial(_pass_on, self._proxy, self._gate, front)
                        await self._serve(front, _local(listener), partial(listener.serve, handler, self._group))
            except OSError as error:
                self._warn(front, error)

    async def _serve(self, front: Front, address: Address, serve: Callable[[], Awaitable[None]]) -> None:
        self._listening[front] = address
        self._changed.set()
        self._changed = anyio.Event()
        try:
            await serve()
        finally:
            if self._listening.get(front) == address:
                del self._listening[front]


@asynccontextmanager
async def serving_services(
    system: ActorSystem, gate: PolicyGate, proxy: Callable[[ServiceSockets], ServiceProxy]
) -> AsyncGenerator[ServiceSockets]:
    """Listen for all services for the duration of the block."""

    def warn(front: Front, error: OSError) -> None:
        system.log("warning", "proxy.not_listening", "/proxy", service=front.service, error=str(error))

    async with anyio.create_task_group() as group:
        sockets = ServiceSockets(group, gate, warn)
        actor = await system.spawn(partial(proxy, sockets))
        sockets.begin(actor)
        try:
            yield sockets
        finally:
            _ = system.stop(actor)
        group.cancel_scope.cancel()


async def _bind(front: Front, bind: Callable[[str, int], Awaitable[S]]) -> S:
    try:
        return await bind(front.address, front.listen_port)
    except OSError as error:
        if front.external or error.errno not in {errno.EACCES, errno.EADDRINUSE}:
            raise
        return await bind(front.address, 0)


async def _listener(address: str, port: int) -> Listener[SocketStream]:
    (found,) = (await anyio.create_tcp_listener(local_host=address, local_port=port)).listeners
    return found


async def _datagrams(address: str, port: int) -> UDPSocket:
    return await anyio.create_udp_socket(local_host=address, local_port=port)


def _local(socket: Listener[SocketStream] | UDPSocket) -> Address:
    local = socket.extra(SocketAttribute.local_address)  # noqa: S610 -- not Django
    return str(local[0]), int(local[1])


async def _pass_on(proxy: Ref[ProxyMessage], gate: PolicyGate, front: Front, client: SocketStream) -> None:
    """Copy the bytes of a connection until both sides have ended, or one of them is closed."""
    async with client:
        with suppress(AskError, OSError, anyio.BrokenResourceError, TimeoutError):
            peer = str(client.extra(SocketAttribute.remote_address)[0])  # noqa: S610 -- not Django
            backend = await proxy.ask(Choose(front, peer))
            if backend is not None and is_here(backend) and await gate.allows(peer, backend.address, backend.port):
                with anyio.fail_after(CONNECT_SECONDS):
                    server = await anyio.connect_tcp(backend.address, backend.port)
                await _carry_both(client, server)
                return
        reset(client)


async def _carry_both(client: SocketStream, server: SocketStream) -> None:
    async with server, anyio.create_task_group() as group:
        group.start_soon(_carry, client, server, group.cancel_scope)
        group.start_soon(_carry, server, client, group.cancel_scope)


async def _carry(source: SocketStream, target: SocketStream, both: anyio.CancelScope) -> None:
    try:
        async for data in source:
            await target.send(data)
        await target.send_eof()
    except (OSError, anyio.BrokenResourceError):
        both.cancel()
