"""The sockets of the name server: UDP and TCP on one port. What is said there is decided in `network/dns`."""

import os
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from socket import SocketKind

import anyio
from anyio.abc import Listener, SocketAttribute, SocketStream, UDPSocket
from anyio.streams.buffered import BufferedByteReceiveStream

from kubeactors.actor import AskError, Ref
from kubeactors.network.dns import DNSMessage, Resolve

IDLE_SECONDS = 10.0
"""A TCP connection that asks nothing for so long is closed. Source: RFC 7766 6.2.3, which asks for a few seconds."""
MAX_TCP_BYTES = 65_535
ATTEMPTS = 16
"""So many free TCP ports are tried until one is free for UDP too."""

Address = tuple[str, int]


@asynccontextmanager
async def serving_dns(server: Ref[DNSMessage], host: str, port: int) -> AsyncGenerator[Address]:
    """Pass queries on and answers back while the block lasts; yields where.

    Raises:
        OSError: one cannot listen there; it names the place.
    """
    async with AsyncExitStack() as stack:
        try:
            listener, datagrams = await _bind(host, port)
        except OSError as error:
            raise OSError(error.errno, os.strerror(error.errno or 0), f"{host}:{port}") from error
        await stack.enter_async_context(listener)
        await stack.enter_async_context(datagrams)
        group = await stack.enter_async_context(anyio.create_task_group())
        group.start_soon(_answer_datagrams, server, datagrams)
        group.start_soon(_answer_connections, server, listener)
        yield host, datagrams.extra(SocketAttribute.local_port)  # noqa: S610 -- no Django
        group.cancel_scope.cancel()


async def _bind(host: str, port: int) -> tuple[Listener[SocketStream], UDPSocket]:
    found = await anyio.getaddrinfo(host, port, type=SocketKind.SOCK_STREAM)
    ip = str(found[0][4][0])  # a name may have several; answers come from one
    for attempt in range(ATTEMPTS):
        (listener,) = (await anyio.create_tcp_listener(local_host=ip, local_port=port)).listeners
        try:
            taken = listener.extra(SocketAttribute.local_port)  # noqa: S610 -- no Django
            return listener, await anyio.create_udp_socket(local_host=ip, local_port=taken)
        except OSError:
            await listener.aclose()
            if port or attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("the last attempt returns or raises")


async def _answer_datagrams(server: Ref[DNSMessage], datagrams: UDPSocket) -> None:
    async for query, asker in datagrams:
        with suppress(AskError, OSError):  # whoever hears nothing asks again
            reply = await server.ask(Resolve(query))
            if reply is not None:
                await datagrams.sendto(reply, *asker)


async def _answer_connections(server: Ref[DNSMessage], listener: Listener[SocketStream]) -> None:
    async def answer(stream: SocketStream) -> None:
        async with stream:
            with suppress(AskError, anyio.EndOfStream, anyio.IncompleteRead, anyio.BrokenResourceError):
                await _answer_stream(server, stream)

    await listener.serve(answer)


async def _answer_stream(server: Ref[DNSMessage], stream: SocketStream) -> None:
    """One query after the other, each and each answer behind its length. Source: RFC 1035 4.2.2."""
    incoming = BufferedByteReceiveStream(stream)
    while True:
        with anyio.move_on_after(IDLE_SECONDS) as scope:
            length = await incoming.receive_exactly(2)
            query = await incoming.receive_exactly(int.from_bytes(length, "big"))
            reply = await server.ask(Resolve(query, MAX_TCP_BYTES))
            if reply is None:
                return
            await stream.send(len(reply).to_bytes(2, "big") + reply)
        if scope.cancelled_caught:
            return
