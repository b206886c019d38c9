"""The sockets of the DNS server: UDP and TCP on one port. The answers are made in `network/dns`."""

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
"""The idle timeout of a TCP connection. Source: RFC 7766 6.2.3, which recommends a few seconds."""
MAX_TCP_BYTES = 65_535
ATTEMPTS = 16
"""The number of free TCP ports to try until one is free for UDP as well."""

Address = tuple[str, int]


@asynccontextmanager
async def serving_dns(server: Ref[DNSMessage], host: str, port: int) -> AsyncGenerator[Address]:
    """Serve queries for the duration of the block; yields the address.

    Raises:
        OSError: the address cannot be bound; the message names it.
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
        yield host, datagrams.extra(SocketAttribute.local_port)  # noqa: S610 -- not Django
        group.cancel_scope.cancel()


async def _bind(host: str, port: int) -> tuple[Listener[SocketStream], UDPSocket]:
    found = await anyio.getaddrinfo(host, port, type=SocketKind.SOCK_STREAM)
    ip = str(found[0][4][0])  # a name may have several addresses; listen at one, so that answers come from it
    for attempt in range(ATTEMPTS):
        (listener,) = (await anyio.create_tcp_listener(local_host=ip, local_port=port)).listeners
        try:
            taken = listener.extra(SocketAttribute.local_port)  # noqa: S610 -- not Django
            return listener, await anyio.create_udp_socket(local_host=ip, local_port=taken)
        except OSError:
            await listener.aclose()
            if port or attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("the last attempt returns or raises")


async def _answer_datagrams(server: Ref[DNSMessage], datagrams: UDPSocket) -> None:
    async for query, asker in datagrams:
        with suppress(AskError, OSError):  # a client without an answer retries
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
    """Serve queries in sequence, each prefixed by its length. Source: RFC 1035 4.2.2."""
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
