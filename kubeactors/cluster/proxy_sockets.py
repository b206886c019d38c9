"""The sockets of the service proxy. Who gets a connection is decided in `network/proxy`; bytes are carried here."""

import errno
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from ipaddress import ip_address

import anyio
from anyio.abc import Listener, SocketAttribute, SocketStream, TaskGroup

from kubeactors.actor import ActorSystem, AskError, Ref
from kubeactors.cluster.policy_gate import PolicyGate
from kubeactors.cluster.sockets import reset
from kubeactors.network.proxy import Backend, Choose, Front, Fronts, ProxyMessage, ServiceProxy

CONNECT_SECONDS = 5.0

Address = tuple[str, int]


class ServiceSockets:
    """Listens where the proxy says.

    A port that this process may not listen at, or that is taken, becomes a free one of the same address; a node port
    or a load balancer's is left out then.

    Args:
        gate: knows which connections may be made.
        warn: is told of what is left out.
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
        """Listen, and ask this proxy about connections."""
        self._proxy = proxy
        self._begun.set()

    def tell(self, message: Fronts, /) -> bool:
        """Listen there from now on, and no more where the service was before. Connections go on."""
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

    async def address(self, name: str, port: int | str, *, namespace: str = "default") -> Address:
        """Where a port of a service, by number or name, can be connected to; waits until it can."""
        while True:
            for front, address in self._listening.items():
                named = front.service == f"{namespace}/{name}" and port in {front.port, front.name}
                if named and not front.external:
                    return address
            await self._changed.wait()

    async def _listen(self, front: Front, scope: anyio.CancelScope) -> None:
        with scope:
            await self._begun.wait()
            try:
                listener = await _bind(front)
            except OSError as error:
                self._warn(front, error)
                return
            async with listener:
                await self._serve(front, listener)

    async def _serve(self, front: Front, listener: Listener[SocketStream]) -> None:
        address = self._listening[front] = _local(listener)
        self._changed.set()
        self._changed = anyio.Event()
        try:
            await listener.serve(partial(_pass_on, self._proxy, self._gate, front), self._group)
        finally:
            if self._listening.get(front) == address:
                del self._listening[front]


@asynccontextmanager
async def serving_services(
    system: ActorSystem, gate: PolicyGate, proxy: Callable[[ServiceSockets], ServiceProxy]
) -> AsyncGenerator[ServiceSockets]:
    """Listen for all services while the block lasts."""

    def warn(front: Front, error: OSError) -> None:
        system.log("warning", "proxy.not_listening", "/proxy", service=front.service, error=str(error))

    async with anyio.create_task_group() as group:
        sockets = ServiceSockets(group, gate, warn)
        actor = await system.spawn(partial(proxy, sockets))
        sockets.begin(actor)
        try:
            yield sockets
        finally:
            system.stop(actor)
        group.cancel_scope.cancel()


async def _bind(front: Front) -> Listener[SocketStream]:
    try:
        return await _listener(front.address, front.listen_port)
    except OSError as error:
        if front.external or error.errno not in {errno.EACCES, errno.EADDRINUSE}:
            raise
        return await _listener(front.address, 0)


async def _listener(address: str, port: int) -> Listener[SocketStream]:
    (found,) = (await anyio.create_tcp_listener(local_host=address, local_port=port)).listeners
    return found


def _local(listener: Listener[SocketStream]) -> Address:
    local = listener.extra(SocketAttribute.local_address)  # noqa: S610 -- no Django
    return str(local[0]), int(local[1])


async def _pass_on(proxy: Ref[ProxyMessage], gate: PolicyGate, front: Front, client: SocketStream) -> None:
    """Carry the bytes of one connection until both sides have said all, or one of them is gone."""
    async with client:
        with suppress(AskError, OSError, anyio.BrokenResourceError, TimeoutError):
            peer = str(client.extra(SocketAttribute.remote_address)[0])  # noqa: S610 -- no Django
            backend = await proxy.ask(Choose(front, peer))
            if backend is not None and _is_here(backend) and await gate.allows(peer, backend.address, backend.port):
                with anyio.fail_after(CONNECT_SECONDS):
                    server = await anyio.connect_tcp(backend.address, backend.port)
                await _carry_both(client, server)
                return
        reset(client)


async def _carry_both(client: SocketStream, server: SocketStream) -> None:
    async with server, anyio.create_task_group() as group:
        group.start_soon(_carry, client, server, group.cancel_scope)
        group.start_soon(_carry, server, client, group.cancel_scope)


def _is_here(backend: Backend) -> bool:
    """Simulated pods have addresses that may be somebody's in the world outside: nobody is to be bothered there."""
    return ip_address(backend.address).is_loopback


async def _carry(source: SocketStream, target: SocketStream, both: anyio.CancelScope) -> None:
    try:
        async for data in source:
            await target.send(data)
        await target.send_eof()
    except (OSError, anyio.BrokenResourceError):
        both.cancel()
