"""A WebSocket client for tests."""

import anyio

from kubeactors.apiserver.http.messages import Response


class Client:
    """The client's end of a WebSocket: sends given messages, and records those that it receives."""

    is_websocket = True

    def __init__(self, *messages: bytes, offered: tuple[str, ...] = ("v5.channel.k8s.io",), stays: bool = True) -> None:
        self.offered = offered
        self._messages = list(messages)
        self._stays = stays
        self.got: list[bytes] = []
        self.said: list[str] = []

    async def accept(self, protocol: str) -> None:
        self.said.append(protocol)

    async def refuse(self, answer: Response) -> None:
        self.said.append(f"{answer.code} {answer.body.decode()}")

    async def receive(self) -> bytes | None:
        if self._messages:
            return self._messages.pop(0)
        if self._stays:
            await anyio.sleep_forever()
        return None

    async def send(self, data: bytes) -> None:
        self.got.append(data)

    async def close(self) -> None:
        self.said.append("closed")
