"""Records for other tools: JSON lines, and the trace format of Chrome, which Perfetto opens.

Source: "Trace Event Format" (Chromium, 2016): complete events `X`, flow events `s` and `f`, instants `i`, metadata `M`.
"""

from collections.abc import Iterator

import msgspec

from kubeactors.sim.explain.records import Delivery, Firing, Records, Write
from kubeactors.sim.explain.why import label_of

MICROSECONDS = 1e6
MESSAGE_MICROSECONDS = 1.0
"""The drawn duration of a message: in the simulator handling takes no time."""


def json_lines(records: Records) -> Iterator[str]:
    """A line for each message, write, fault and violation, with its `type`; all messages first."""
    rows: tuple[tuple[str, list[Delivery] | list[Write] | list[Firing]], ...] = (
        ("message", records.deliveries),
        ("write", records.writes),
        ("fault", records.firings),
    )
    for type_, found in rows:
        for one in found:
            yield _line(type_, msgspec.structs.asdict(one))
    for violation in records.violations:
        yield _line("violation", msgspec.structs.asdict(violation))


def chrome_trace(records: Records) -> bytes:
    """JSON for Perfetto and chrome://tracing: a track for each actor, an arrow for each cause."""
    events = [*_tracks(records), *_messages(records), *_faults(records)]
    events += [
        {
            "ph": "i",
            "s": "g",
            "name": f"{one.invariant}: {one.message}",
            "ts": one.at * MICROSECONDS,
            "pid": 1,
            "tid": 0,
        }
        for one in records.violations
    ]
    return msgspec.json.encode({"traceEvents": events, "displayTimeUnit": "ms"})


def _line(type_: str, fields: dict[str, object]) -> str:
    return msgspec.json.encode({"type": type_, **fields}).decode()


def _numbers(records: Records) -> dict[str, int]:
    return {path: number for number, path in enumerate(dict.fromkeys(one.actor for one in records.deliveries), 1)}


def _tracks(records: Records) -> Iterator[dict[str, object]]:
    yield {"ph": "M", "name": "process_name", "pid": 1, "args": {"name": "kubeactors"}}
    for path, number in _numbers(records).items():
        yield {"ph": "M", "name": "thread_name", "pid": 1, "tid": number, "args": {"name": label_of(path)}}


def _messages(records: Records) -> Iterator[dict[str, object]]:
    tracks, starts = _numbers(records), list(_starts(records))
    for one in records.deliveries:
        place = {"pid": 1, "tid": tracks[one.actor], "ts": starts[one.number - 1]}
        arguments = {"number": one.number, "summary": one.summary, "cause": one.cause, "kept": one.kept}
        yield {"ph": "X", "name": one.kind, "cat": "message", "dur": MESSAGE_MICROSECONDS, "args": arguments, **place}
        cause = records.delivery(one.cause)
        if cause is not None:
            flow = {"cat": "cause", "name": "cause", "id": one.number, "pid": 1}
            yield {"ph": "s", "tid": tracks[cause.actor], "ts": starts[cause.number - 1], **flow}
            yield {"ph": "f", "bp": "e", "tid": place["tid"], "ts": place["ts"], **flow}


def _starts(records: Records) -> Iterator[float]:
    """Start times in microseconds; messages at the same virtual time are drawn one after the other, in order of handling."""
    last = 0.0
    for one in records.deliveries:
        last = max(one.at * MICROSECONDS, last + MESSAGE_MICROSECONDS)
        yield last


def _faults(records: Records) -> Iterator[dict[str, object]]:
    for number, one in enumerate(records.firings):
        span = {"cat": "fault", "name": one.summary, "id": number, "pid": 1, "tid": 0}
        yield {"ph": "b", "ts": one.at * MICROSECONDS, **span}
        yield {"ph": "e", "ts": one.until * MICROSECONDS, **span}
