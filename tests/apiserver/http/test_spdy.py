"""SPDY/3.1: from bytes to events and back."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubeactors.apiserver.http.spdy import (
    DICTIONARY,
    DataReceived,
    Event,
    GoneAway,
    SpdyError,
    SpdySession,
    StreamOpened,
    StreamReset,
)


def test_the_dictionary_is_that_of_the_protocol() -> None:
    assert (len(DICTIONARY), zlib.adler32(DICTIONARY)) == (1423, 0xE3C6A7C2)


def test_a_stream_opens_carries_data_and_ends() -> None:
    client, server = SpdySession(), SpdySession()
    client.open(1, {"StreamType": "data", "port": "80"})
    client.send(1, b"hello")
    client.send(1, b"", end=True)
    assert list(server.feed(client.take())) == [
        StreamOpened(1, {"streamtype": "data", "port": "80"}, ended=False),
        DataReceived(1, b"hello", ended=False),
        DataReceived(1, b"", ended=True),
    ]


def test_headers_of_later_streams_are_decoded() -> None:
    client, server = SpdySession(), SpdySession()
    for stream in (1, 3, 5):
        client.open(stream, {"streamtype": f"s{stream}"})
    opened = [one for one in server.feed(client.take()) if isinstance(one, StreamOpened)]
    assert [one.headers["streamtype"] for one in opened] == ["s1", "s3", "s5"]
    for stream in (1, 3, 5):
        server.reply(stream)
    assert list(client.feed(server.take())) == []


def test_reset_goaway_and_ping_are_handled() -> None:
    client, server = SpdySession(), SpdySession()
    client.reset(1)
    client.go_away(1)
    assert list(server.feed(client.take())) == [StreamReset(1), GoneAway()]
    ping = bytes.fromhex("8003000600000004" + "00000007")
    assert list(server.feed(ping)) == []
    assert server.take() == ping


def test_long_data_is_split_and_only_the_last_frame_ends_the_stream() -> None:
    client, server = SpdySession(), SpdySession()
    client.send(1, b"x" * 100_000, end=True)
    pieces = [one for one in server.feed(client.take()) if isinstance(one, DataReceived)]
    assert b"".join(one.data for one in pieces) == b"x" * 100_000
    assert [one.ended for one in pieces] == [False, False, False, True]


@given(st.lists(st.integers(1, 40), max_size=60))
def test_it_does_not_matter_in_which_pieces_bytes_come(cuts: list[int]) -> None:
    client = SpdySession()
    client.open(1, {"streamtype": "error"})
    client.send(1, b"some data")
    data = client.take()
    server, events, place = SpdySession(), list[Event](), 0
    for size in [*cuts, len(data)]:
        events += server.feed(data[place : place + size])
        place += size
    whole = list(SpdySession().feed(data))
    assert events == whole


@given(st.binary(max_size=200))
def test_any_bytes_are_frames_or_refused(data: bytes) -> None:
    try:
        list(SpdySession().feed(data))
    except SpdyError:
        return


@pytest.mark.parametrize(
    "frame",
    [
        "80020001" + "0000000a" + "00" * 10,  # version 2
        "80030001" + "00000002" + "0000",  # too short
        "80030001" + "0000000c" + "00" * 10 + "ffff",  # headers that are not compressed
        "00000001" + "00ffffff",  # longer than any frame may be
    ],
)
def test_a_malformed_frame_is_rejected(frame: str) -> None:
    with pytest.raises(SpdyError):
        list(SpdySession().feed(bytes.fromhex(frame)))


def test_a_decompression_bomb_is_rejected() -> None:
    client = SpdySession()
    client.open(1, {"x": "y" * 200_000})
    with pytest.raises(SpdyError, match="too long"):
        list(SpdySession().feed(client.take()))
