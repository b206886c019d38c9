"""Message streams, read by ordinary code."""

import anyio
import pytest

from kubeactors.actor import (
    ActorSystem,
    MessageStream,
    Publish,
    Published,
    StreamInUse,
    StreamOverflowed,
    Subscribe,
    Topic,
)

pytestmark = pytest.mark.anyio


async def test_a_stream_is_read_to_its_end() -> None:
    async with ActorSystem() as system:
        topic = await system.spawn(Topic[str])
        stream: MessageStream[object] = MessageStream(system)
        topic.tell(Subscribe(stream))
        for event in "abc":
            topic.tell(Publish(event))
        read: list[object] = []
        async for message in stream:
            read.append(message)
            if len(read) == 3:
                stream.close()
        assert read == [Published(1, "a"), Published(2, "b"), Published(3, "c")]
        assert not stream.tell("late")


async def test_a_waiting_reader_is_woken() -> None:
    read: list[str] = []
    async with ActorSystem() as system, anyio.create_task_group() as group:
        stream: MessageStream[str] = MessageStream(system)

        async def reader() -> None:
            read.extend([message async for message in stream])

        group.start_soon(reader)
        await anyio.wait_all_tasks_blocked()
        stream.tell("a")
        stream.close()
    assert read == ["a"]


async def test_an_overflow_is_raised_after_the_messages_before_it() -> None:
    async with ActorSystem() as system:
        stream: MessageStream[int] = MessageStream(system, capacity=2)
        assert [stream.tell(number) for number in range(3)] == [True, True, False]
        assert [await anext(stream), await anext(stream)] == [0, 1]
        with pytest.raises(StreamOverflowed):
            await anext(stream)


async def test_a_stream_resumes_after_the_last_message_read() -> None:
    async with ActorSystem() as system:
        topic = await system.spawn(lambda: Topic[int](history=100))
        stream: MessageStream[Published[int]] = MessageStream(
            system,
            capacity=2,
            position=lambda message: message.number,
            resume=lambda stream, position: topic.tell(Subscribe(stream, after=position)),  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] -- it takes what the topic tells
        )
        topic.tell(Subscribe(stream))  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] -- the same
        for number in range(2):
            topic.tell(Publish(number))
        assert (await anext(stream)).event == 0
        for number in range(2, 4):
            topic.tell(Publish(number))
        read = [(await anext(stream)).event for _ in range(3)]
        assert read == [1, 2, 3]


async def test_closing_a_stream_ends_it_for_a_waiting_reader() -> None:
    read: list[str] = []
    async with ActorSystem() as system, anyio.create_task_group() as group:
        stream = MessageStream[str](system)
        async with stream:

            async def reader() -> None:
                read.extend([message async for message in stream])
                read.append("end")

            group.start_soon(reader)
            await anyio.wait_all_tasks_blocked()
            assert not stream.closed
        await anyio.wait_all_tasks_blocked()
        assert (read, stream.closed) == (["end"], True)


async def test_a_stream_ends_with_its_system_after_the_last_message() -> None:
    read: list[str] = []
    system = ActorSystem()
    stream = MessageStream[str](system)

    async def reader() -> None:
        read.extend([message async for message in stream])
        read.append("end")

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group, system:
            group.start_soon(reader)
            await anyio.wait_all_tasks_blocked()
    assert read == ["end"]
    assert stream.tell("late")
    assert [message async for message in stream] == ["late"]


async def test_a_second_reader_is_rejected_while_the_first_waits() -> None:
    async with ActorSystem() as system, anyio.create_task_group() as group:
        stream = MessageStream[str](system)
        read: list[str] = []

        async def reader() -> None:
            read.append(await anext(stream))

        group.start_soon(reader)
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(StreamInUse, match="give each reader a stream of its own"):
            await anext(stream)
        stream.tell("a")
        stream.tell("b")
        await anyio.wait_all_tasks_blocked()
        assert (read, await anext(stream)) == (["a"], "b")


async def test_resuming_may_wait_and_its_errors_are_raised_in_the_reader_which_may_retry() -> None:
    attempts: list[int] = []

    async def resume(stream: MessageStream[int], position: int) -> None:
        await anyio.lowlevel.checkpoint()
        attempts.append(position)
        if len(attempts) == 1:
            raise ConnectionError("not yet")
        stream.tell(position + 1)

    async with ActorSystem() as system:
        stream = MessageStream[int](system, position=int, resume=resume)
        stream.tell(7)
        stream.interrupt()
        assert not stream.tell(8)
        assert await anext(stream) == 7
        with pytest.raises(ConnectionError, match="not yet"):
            await anext(stream)
        assert await anext(stream) == 8
    assert attempts == [7, 7]


async def test_a_stream_overflows_if_resuming_makes_no_progress() -> None:
    def resume(stream: MessageStream[int], position: int) -> None:
        for _ in range(5):
            stream.tell(position)

    async with ActorSystem() as system:
        stream = MessageStream[int](system, capacity=2, position=int, resume=resume)
        stream.interrupt()
        assert [await anext(stream), await anext(stream)] == [0, 0]
        with pytest.raises(StreamOverflowed):
            await anext(stream)


async def test_a_reader_that_is_cancelled_leaves_the_stream_usable() -> None:
    async with ActorSystem() as system:
        stream: MessageStream[str] = MessageStream(system)
        with anyio.move_on_after(0):
            await anext(stream)
        stream.tell("a")
        assert await anext(stream) == "a"
