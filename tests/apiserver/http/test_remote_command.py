"""The streams between clients and commands."""

import pytest

from kubeactors.apimachinery.status import BadRequest, NotFound
from kubeactors.apiserver.http.query import Query
from kubeactors.apiserver.http.remote_command import RemoteCommand, wanted_streams
from kubeactors.kubelet import Session, SessionReply
from kubeactors.kubelet.runtimes.streams import (
    Ended,
    HungUp,
    Input,
    Output,
    Resized,
    Stderr,
    Stdin,
    StdinClosed,
    Stdout,
)
from kubeactors.message import Recipient
from kubeactors.testing import Heard

from .client import Client


class Command:
    """Writes its output as soon as it begins, or at the first input."""

    def __init__(self, *told: Output, waits: bool = False) -> None:
        self._told = told
        self._waits = waits
        self.heard: Heard[Input] = Heard()
        self._output: Recipient[Output] | None = None

    async def begin(self, output: Recipient[Output]) -> SessionReply:
        self._output = output
        if not self._waits:
            self._tell()
        return Session(self)

    def tell(self, message: Input, /) -> bool:
        self.heard.tell(message)
        if self._waits and isinstance(message, StdinClosed):
            self._tell()
        return True

    def _tell(self) -> None:
        assert self._output is not None
        for one in self._told:
            self._output.tell(one)


ALL = wanted_streams(Query(b"stdin=true&stdout=true&stderr=true"))


async def test_output_comes_by_channel_and_the_status_last() -> None:
    client, command = Client(), Command(Stdout(b"out"), Stderr(b"err"), Ended(3))
    await RemoteCommand(ALL, command.begin).run(client)
    status = client.got.pop()
    assert client.got == [b"\x01", b"\x01out", b"\x02err"]
    assert status[:1] == b"\x03"
    assert b'"reason":"NonZeroExitCode"' in status
    assert b'{"reason":"ExitCode","message":"3"}' in status
    assert client.said == ["v5.channel.k8s.io", "closed"]


@pytest.mark.parametrize("offered", [(), ("channel.k8s.io",), ("v9.channel.k8s.io", "base64.channel.k8s.io")])
async def test_the_oldest_protocols_report_failures_only_and_as_text(offered: tuple[str, ...]) -> None:
    failed, done = Client(offered=offered), Client(offered=offered)
    await RemoteCommand(ALL, Command(Stdout(b"out"), Ended(3)).begin).run(failed)
    await RemoteCommand(ALL, Command(Ended(0)).begin).run(done)
    said = b"\x03command terminated with non-zero exit code: exit status 3"
    assert failed.got == [b"\x01", b"\x01out", said]
    assert done.got == [b"\x01"]
    assert failed.said == done.said == [offered[-1] if offered else "", "closed"]


async def test_input_reaches_the_command_until_it_is_closed() -> None:
    size = b'\x04{"Width":80,"Height":24}'
    client = Client(b"\x00one", size, b"\x04nonsense", b"\x00two", b"\xff\x00")
    command = Command(Ended(0), waits=True)
    await RemoteCommand(ALL, command.begin).run(client)
    assert command.heard.messages == [Stdin(b"one"), Resized(80, 24), Stdin(b"two"), StdinClosed(), HungUp()]
    assert client.got[-1] == b'\x03{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success"}'


async def test_a_command_is_told_that_its_client_has_disconnected() -> None:
    command = Command(waits=True)
    await RemoteCommand(ALL, command.begin).run(Client(stays=False))
    assert command.heard.messages == [HungUp()]


async def test_a_client_with_another_protocol_is_rejected_and_nothing_runs() -> None:
    client = Client(offered=("v9.channel.k8s.io",))

    async def begin(_: Recipient[Output]) -> SessionReply:
        raise AssertionError("it runs")

    await RemoteCommand(ALL, begin).run(client)
    server = "server accepts [v5.channel.k8s.io v4.channel.k8s.io]"
    assert client.said == [f"403 unable to negotiate protocol: client supports [v9.channel.k8s.io], {server}"]


async def test_an_error_of_the_kubelet_is_passed_on() -> None:
    client = Client()

    async def begin(_: Recipient[Output]) -> SessionReply:
        return NotFound.saying('container not found ("c")').status

    await RemoteCommand(ALL, begin).run(client)
    assert client.said == ['404 container not found ("c")']


def test_a_client_must_request_a_stream() -> None:
    with pytest.raises(BadRequest, match="at least 1 of stdin, stdout, stderr"):
        wanted_streams(Query(b"command=ls"))
