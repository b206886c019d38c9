"""Watches through the application as an ASGI server sees it: events in, pieces out."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import msgspec
import pytest

from kubeactors.api.core.v1 import ConfigMap
from kubeactors.apimachinery import unstructured
from kubeactors.apimachinery.meta import HasMeta, ObjectMeta
from kubeactors.apimachinery.requests import ADDED, StopWatch, Watch, WatchClosed, WatchEvent, WatchEvents
from kubeactors.apimachinery.serializer import encode, encode_item
from kubeactors.apiserver.http.encodings import Encodings
from kubeactors.apiserver.http.messages import Event, Scope
from kubeactors.apiserver.http.representations import line_as_is
from kubeactors.apiserver.http.watching import WatchSink

from .conftest import Edge, status_of

PATH = "/api/v1/namespaces/ns/configmaps"
AS_TABLE = b"application/json;as=Table;g=meta.k8s.io;v=v1"
AS_METADATA = b"application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"


class Reader:
    """A watching client: the pieces that it has received, and whether it is still connected."""

    def __init__(self, query: bytes, accept: bytes) -> None:
        headers = [(b"authorization", b"Bearer admin"), (b"accept", accept)]
        self.scope: Scope = {
            "type": "http",
            "method": "GET",
            "path": PATH,
            "query_string": b"watch=1&" + query,
            "headers": headers,
        }
        self.sent, self.received = anyio.create_memory_object_stream[Event](100)
        self._asked = False
        self._gone = anyio.Event()

    def leave(self) -> None:
        """Close the connection."""
        self._gone.set()

    async def receive(self) -> Event:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, event: Event) -> None:
        await self.sent.send(event)

    async def piece(self) -> bytes:
        """The next piece of the body; empty at the end."""
        with anyio.fail_after(5):
            body = (await self.received.receive())["body"]
        assert isinstance(body, bytes)
        return body


@asynccontextmanager
async def watching(edge: Edge, query: bytes = b"", accept: bytes = b"application/json") -> AsyncGenerator[Reader]:
    """A watch whose headers have arrived; at the end its client disconnects."""
    reader = Reader(query, accept)
    async with anyio.create_task_group() as group:
        group.start_soon(edge.app, reader.scope, reader.receive, reader.send)
        with anyio.fail_after(5):
            start = await reader.received.receive()
        assert (start["type"], start["status"]) == ("http.response.start", 200)
        yield reader
        reader.leave()
    reader.sent.close()
    reader.received.close()


async def create(edge: Edge, name: str) -> None:
    await edge.send("POST", PATH, f'{{"metadata":{{"name":"{name}"}}}}')


def started(edge: Edge) -> Watch:
    [watch] = [one for one in edge.asked if isinstance(one, Watch)]
    return watch


async def test_events_are_lines(edge: Edge) -> None:
    async with watching(edge, b"resourceVersion=5") as reader:
        await create(edge, "a")
        assert await reader.piece() == (
            b'{"type":"ADDED","object":{"kind":"ConfigMap","apiVersion":"v1",'
            b'"metadata":{"name":"a","namespace":"ns","resourceVersion":"8"}}}\n'
        )


async def test_a_disconnected_client_ends_its_watch(edge: Edge) -> None:
    async with watching(edge, b"resourceVersion=5"):
        watch = started(edge)
    assert edge.asked[-1] == StopWatch(subscriber=watch.subscriber, watch=0)


async def test_closing_the_application_ends_streams_cleanly(edge: Edge) -> None:
    async with watching(edge) as reader:
        await create(edge, "a")
        edge.app.close()
        assert (await reader.piece()).startswith(b'{"type":"ADDED"')
        assert await reader.piece() == b""
    async with watching(edge) as late:
        assert await late.piece() == b""


async def test_a_watch_from_a_compacted_revision_gets_the_error_in_its_stream(edge: Edge) -> None:
    async with watching(edge, b"resourceVersion=1") as reader:
        assert await reader.piece() == (
            b'{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",'
            b'"message":"too old resource version: 1 (5)","reason":"Expired","code":410}}\n'
        )
        assert await reader.piece() == b""


async def test_conflicting_watch_options_are_rejected(edge: Edge) -> None:
    code, reason, _ = status_of(await edge.get(f"{PATH}?watch=1&continue=abc"))
    assert (code, reason) == (422, "Invalid")


async def test_yaml_is_not_streamed(edge: Edge) -> None:
    answer = await edge.get(f"{PATH}?watch=1", "application/yaml;q=0.5,text/plain")
    assert answer.status_code == 406
    assert "application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch" in answer.text


async def test_a_watch_of_tables_sends_column_definitions_once(edge: Edge) -> None:
    async with watching(edge, accept=AS_TABLE) as reader:
        tables: list[object] = []
        for name in ("a", "b"):
            await create(edge, name)
            event = msgspec.json.decode(await reader.piece(), type=dict[str, object])
            tables.append(event["object"])
    first, second = (msgspec.convert(table, dict[str, object]) for table in tables)
    assert first["kind"] == second["kind"] == "Table"
    assert first["columnDefinitions"]
    assert second["columnDefinitions"] is None


async def test_a_watch_of_metadata_sends_metadata_only(edge: Edge) -> None:
    async with watching(edge, accept=AS_METADATA) as reader:
        await create(edge, "a")
        assert await reader.piece() == (
            b'{"type":"ADDED","object":{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1",'
            b'"metadata":{"name":"a","namespace":"ns","resourceVersion":"8"}}}\n'
        )


def events(*names: str) -> WatchEvents:
    return WatchEvents(0, tuple(WatchEvent(ADDED, ConfigMap(metadata=ObjectMeta(name=name))) for name in names))


async def test_a_sink_accepts_up_to_its_capacity_and_always_the_end() -> None:
    sink = WatchSink(capacity=2)
    assert sink.tell(events("a", "b", "c"))
    assert not sink.tell(events("d"))
    assert sink.tell(WatchClosed(0))
    assert not sink.tell(events("e"))
    assert [event.object.metadata.name for event in await sink.take()] == ["a", "b", "c"]
    assert await sink.take() == []


async def test_a_sink_accepts_again_once_its_client_has_caught_up() -> None:
    sink = WatchSink(capacity=1)
    assert sink.tell(events("a"))
    await sink.take()
    assert sink.tell(events("b"))


def test_an_object_is_encoded_once_for_all_its_lines() -> None:
    encodings = Encodings()
    [event] = events("a").events
    tail = encodings.tail(event.object)
    assert b"{" + tail == encode_item(event.object)
    for type_ in (ADDED, "DELETED"):
        line = line_as_is(WatchEvent(type_, event.object), encodings)
        assert [piece for piece in line if piece is tail] == [tail]


@pytest.mark.parametrize(
    "obj",
    [
        ConfigMap(metadata=ObjectMeta(name="a"), data={"x": "y"}),
        ConfigMap(),
        unstructured.of({"apiVersion": "a.io/v1", "kind": "Thing", "metadata": {"name": "a"}, "spec": {"x": 1}}),
    ],
)
def test_a_line_has_the_type_of_its_event_and_the_encoded_object(obj: HasMeta) -> None:
    encodings = Encodings()
    for type_ in (ADDED, "DELETED"):
        line = b"".join(line_as_is(WatchEvent(type_, obj), encodings))
        assert line == b'{"type":"%s","object":%s}\n' % (type_.encode(), encode(obj))


def test_encodings_are_evicted_when_the_cache_is_full() -> None:
    values = [ConfigMap(metadata=ObjectMeta(name=name)) for name in "abc"]
    one = len(encode_item(values[0])) - 1
    encodings = Encodings(max_bytes=2 * one)
    first = [encodings.tail(value) for value in values]
    again = [encodings.tail(value) for value in reversed(values)]
    assert [a is b for a, b in zip(first, reversed(again), strict=True)] == [False, True, True]
    assert encodings.document(values[0]) == encode(values[0])
