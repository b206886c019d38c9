"""Times and durations."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubeactors.apimachinery import time
from kubeactors.apimachinery.time import SECOND, TimeError

DAY = 86400 * SECOND

instants = st.integers(-62_135_596_800 * SECOND, 253_402_300_799 * SECOND)


@given(instants)
def test_a_time_is_read_back_to_the_second(unix_ns: int) -> None:
    assert time.parse_time(time.format_time(unix_ns)) == unix_ns // SECOND * SECOND


@given(instants)
def test_a_micro_time_is_read_back_to_the_microsecond(unix_ns: int) -> None:
    assert time.parse_time(time.format_micro_time(unix_ns)) == unix_ns // 1000 * 1000


def test_a_time_is_stored_in_utc_without_fractions() -> None:
    assert time.canonical_time("2026-01-01T00:30:00.9+01:00") == "2025-12-31T23:30:00Z"
    assert time.canonical_time("2026-01-01T3:04:05Z") == "2026-01-01T03:04:05Z"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("yesterday", 'as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"'),
        ("2026-01-02", 'as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T"'),
        ("2026-01-02T03:04:05", 'as "2006-01-02T15:04:05Z07:00": cannot parse "" as "Z07:00"'),
        ("2026-01-02 03:04:05Z", 'as "2006-01-02T15:04:05Z07:00": cannot parse " 03:04:05Z" as "T"'),
        ("2026-13-02T03:04:05Z", ": month out of range"),
        ("2026-02-30T03:04:05Z", ": day out of range"),
        ("2026-02-03T24:04:05Z", ": hour out of range"),
        ("2026-02-03T04:04:05Zulu", ': extra text: "ulu"'),
    ],
)
def test_a_malformed_time_is_rejected_with_the_message_of_go(text: str, message: str) -> None:
    with pytest.raises(TimeError) as caught:
        time.canonical_time(text)
    separator = "" if message.startswith(":") else " "
    assert str(caught.value) == f'parsing time "{text}"{separator}{message}'


def test_a_micro_time_must_have_six_digits() -> None:
    with pytest.raises(TimeError) as caught:
        time.canonical_micro_time("2026-01-02T03:04:05Z")
    layout = "2006-01-02T15:04:05.000000Z07:00"
    problem = 'cannot parse "Z" as ".000000"'
    assert str(caught.value) == f'parsing time "2026-01-02T03:04:05Z" as "{layout}": {problem}'


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-2, "<invalid>"),
        (-1, "0s"),
        (119, "119s"),
        (120, "2m"),
        (599, "9m59s"),
        (600, "10m"),
        (3 * 3600 - 1, "179m"),
        (3 * 3600, "3h"),
        (8 * 3600 - 1, "7h59m"),
        (8 * 3600, "8h"),
        (48 * 3600 - 1, "47h"),
        (48 * 3600, "2d"),
        (8 * 86400 - 1, "7d23h"),
        (8 * 86400, "8d"),
        (2 * 365 * 86400 - 1, "729d"),
        (2 * 365 * 86400, "2y"),
        (3 * 365 * 86400 + 86400, "3y1d"),
        (8 * 365 * 86400, "8y"),
    ],
)
def test_durations_have_two_units_at_most(seconds: int, text: str) -> None:
    assert time.human_duration(seconds * SECOND) == text
