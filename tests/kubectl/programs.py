"""Images of the tests: `python://tests.kubectl.programs:web`."""

import anyio
from anyio.abc import SocketStream

from kubeactors import CommandContext, ContainerContext, Program


async def _serve(container: ContainerContext) -> None:
    container.print("listening")

    async def answer(stream: SocketStream) -> None:
        async with stream:
            await stream.receive()
            await stream.send(b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 300_000)

    async def count() -> None:
        number = 0
        while True:
            await anyio.sleep(0.2)
            number += 1
            container.print("tick", number)

    listener = await anyio.create_tcp_listener(local_host=container.address, local_port=8080)
    async with listener, anyio.create_task_group() as group:
        group.start_soon(count)
        await listener.serve(answer)


async def _shout(command: CommandContext) -> int:
    command.print(*command.args, "from", command.container.pod)
    async for piece in command.stdin:
        command.write(piece.upper())
    command.error("that was all")
    return 7


web = Program(_serve, {"shout": _shout})
