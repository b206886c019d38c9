"""Keys are processed once at a time; delayed ones when due, failed ones with back-off."""

import pytest

from kubeactors.client import BucketLimiter, ItemBackoff, WorkQueue
from kubeactors.client.workqueue import SECOND

MILLISECOND = SECOND // 1000


@pytest.fixture
def queue() -> WorkQueue:
    return WorkQueue()


def drain(queue: WorkQueue) -> list[str]:
    found: list[str] = []
    while (key := queue.get()) is not None:
        found.append(key)
        queue.done(key)
    return found


def test_keys_come_out_in_the_order_in_which_they_were_added(queue: WorkQueue) -> None:
    for key in "bac":
        queue.add(key)
    assert drain(queue) == ["b", "a", "c"]


def test_a_key_added_twice_is_queued_once(queue: WorkQueue) -> None:
    queue.add("a")
    queue.add("a")
    assert drain(queue) == ["a"]


def test_a_key_is_waiting_until_it_is_processed(queue: WorkQueue) -> None:
    queue.add("a")
    queue.add_after("b", 1.0, now=0)
    assert (queue.is_waiting("a"), queue.is_waiting("b"), queue.processing()) == (True, True, ())
    assert queue.get() == "a"
    assert (queue.is_waiting("a"), queue.is_processing("a"), queue.processing()) == (False, True, ("a",))
    queue.done("a")
    assert (queue.is_processing("a"), queue.processing()) == (False, ())


def test_additions_are_counted_whether_or_not_the_key_is_queued_already(queue: WorkQueue) -> None:
    queue.add("a")
    queue.add("a")
    queue.add_after("b", 1.0, now=0)
    queue.add_after("b", 2.0, now=0)
    queue.add_after("b", 0.0, now=0)
    queue.add_rate_limited("c", now=0)
    assert queue.additions == 6


def test_a_key_added_while_it_is_processed_is_queued_again_afterwards(queue: WorkQueue) -> None:
    queue.add("a")
    assert queue.get() == "a"
    queue.add("a")
    queue.add("a")
    assert queue.get() is None
    queue.done("a")
    assert drain(queue) == ["a"]


def test_a_delayed_key_is_queued_when_its_time_has_come(queue: WorkQueue) -> None:
    queue.add_after("a", 2.0, now=0)
    queue.advance(2 * SECOND - 1)
    assert drain(queue) == []
    assert queue.next_due() == 2 * SECOND
    queue.advance(2 * SECOND)
    assert drain(queue) == ["a"]
    assert queue.next_due() is None


def test_of_several_delays_of_one_key_the_earliest_counts(queue: WorkQueue) -> None:
    queue.add_after("a", 5.0, now=0)
    queue.add_after("a", 1.0, now=0)
    queue.add_after("a", 9.0, now=0)
    queue.advance(SECOND)
    assert drain(queue) == ["a"]
    queue.advance(10 * SECOND)
    assert drain(queue) == []


def test_a_delay_of_zero_queues_at_once(queue: WorkQueue) -> None:
    queue.add_after("a", 0.0, now=7)
    assert drain(queue) == ["a"]


def test_each_failure_doubles_the_wait_until_the_key_succeeds(queue: WorkQueue) -> None:
    waits: list[int] = []
    for _ in range(3):
        queue.add_rate_limited("a", now=0)
        due = queue.next_due()
        assert due is not None
        waits.append(due)
        queue.advance(due)
        drain(queue)
    assert waits == [5 * MILLISECOND, 10 * MILLISECOND, 20 * MILLISECOND]
    assert queue.failures("a") == 3
    queue.forget("a")
    queue.add_rate_limited("a", now=0)
    assert queue.next_due() == 5 * MILLISECOND


def test_a_key_that_is_delayed_by_less_than_a_nanosecond_is_not_queued_at_once(queue: WorkQueue) -> None:
    queue.add_after("a", 1e-12, now=7)
    assert drain(queue) == []
    queue.advance(8)
    assert drain(queue) == ["a"]


def test_a_key_that_always_fails_waits_at_most_a_thousand_seconds() -> None:
    backoff = ItemBackoff()
    assert max(backoff.failed("a") for _ in range(100)) == 1000 * SECOND


def test_all_keys_together_are_retried_ten_times_a_second_after_a_burst_of_a_hundred(queue: WorkQueue) -> None:
    for number in range(102):
        queue.add_rate_limited(str(number), now=0)
    queue.advance(99 * MILLISECOND)
    assert len(drain(queue)) == 100
    queue.advance(100 * MILLISECOND)
    assert drain(queue) == ["100"]
    queue.advance(200 * MILLISECOND)
    assert drain(queue) == ["101"]


def test_a_bucket_refills_with_time_up_to_its_burst() -> None:
    bucket = BucketLimiter(per_second=1.0, burst=2)
    assert [bucket.try_take(0) for _ in range(3)] == [True, True, False]
    assert [bucket.try_take(SECOND) for _ in range(2)] == [True, False]
    assert [bucket.try_take(60 * SECOND) for _ in range(3)] == [True, True, False]


def test_a_due_key_may_be_delayed_again(queue: WorkQueue) -> None:
    queue.add_after("a", 1.0, now=0)
    queue.add_after("b", 1.0, now=0)

    def needs_work(key: str) -> bool:
        if key == "a":
            queue.add_after(key, 2.0, now=SECOND)
        return key == "b"

    queue.advance(SECOND, needs_work)
    assert drain(queue) == ["b"]
    queue.advance(2 * SECOND)
    assert drain(queue) == []
    queue.advance(3 * SECOND)
    assert drain(queue) == ["a"]
