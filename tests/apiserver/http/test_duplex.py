from collections.abc import MutableMapping

import pytest

from kubeactors.apiserver.http.duplex import duplex_of

Event = MutableMapping[str, object]


@pytest.mark.parametrize(
    ("protocol", "received", "sent"),
    [
        ("v4.channel.k8s.io", {"bytes": b"\x00hi"}, {"bytes": b"\x02hi"}),
        ("v4.base64.channel.k8s.io", {"text": "0aGk="}, {"text": "2aGk="}),
        ("base64.channel.k8s.io", {"bytes": b"0aGk="}, {"text": "2aGk="}),
    ],
)
async def test_messages_are_text_in_base64_protocols(protocol: str, received: Event, sent: Event) -> None:
    told: list[Event] = []
    events: list[Event] = [{"type": "websocket.connect"}, {"type": "websocket.receive", **received}]

    async def receive() -> Event:
        return events.pop(0)

    async def send(event: Event) -> None:
        told.append(event)

    duplex = duplex_of({"type": "websocket", "subprotocols": [protocol]}, receive, send)
    await duplex.accept(protocol)
    assert await duplex.receive() == b"\x00hi"
    await duplex.send(b"\x02hi")
    assert told == [{"type": "websocket.accept", "subprotocol": protocol}, {"type": "websocket.send", **sent}]


async def test_text_that_is_not_base64_is_empty() -> None:
    events: list[Event] = [{"type": "websocket.receive", "text": one} for one in ("0a*", "")]
    events.insert(0, {"type": "websocket.connect"})

    async def receive() -> Event:
        return events.pop(0)

    async def send(_: Event) -> None:
        pass

    duplex = duplex_of({"type": "websocket", "subprotocols": []}, receive, send)
    await duplex.accept("base64.channel.k8s.io")
    assert (await duplex.receive(), await duplex.receive()) == (b"", b"")
