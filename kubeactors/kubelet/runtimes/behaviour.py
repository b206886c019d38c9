"""The behaviour of simulated containers, declared for an image or by annotations of the pod.

An annotation `simulated.kubeactors.io/PROPERTY` applies to all containers of a pod, and
`CONTAINER.simulated.kubeactors.io/PROPERTY` to one of them. Properties are the fields of `Behaviour` with dashes:

    start-seconds   0.5                 from the start until it is running
    run-seconds     60                  until it exits by itself; without it, it runs forever
    exit-code       3                   its exit code
    crashes         2                   only this many starts exit by themselves, the next one runs forever
    stop-seconds    5                   from the request to stop until it has exited
    pull-error      no such tag         the image cannot be pulled, with this error of the registry
    cpu             100m 60:500m        its CPU usage: 100m at first, 500m after a minute
    memory          64Mi 60:1Gi         its memory usage; above the container's limit it is killed (OOMKilled)
    disk            1Gi 60:5Gi          its disk usage, besides the files that its commands write
    processes       1 60:1000           its number of processes
    log             a line to write     a log line at its start
    log-seconds     10                  the period after which the line is repeated
    answer          hello               its response to HTTP requests of simulated commands
    startup, readiness, liveness        ok 60:fail 90:ok: the results of a probe

By default a container runs forever, or for `TASK_SECONDS` if it is a task (`tasks_of`); it stops when it is asked to,
and all probes succeed.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache

import msgspec

from kubeactors.apimachinery import quantity
from kubeactors.kubelet.runtimes.curves import Curve, parse_curve

DOMAIN = "simulated.kubeactors.io/"
MAX_EXIT_CODE = 255
TASK_SECONDS = 1.0
"""How long a task runs of which nothing else is known."""

OK: Curve[bool] = Curve(((0, True),))
NO_CPU: Curve[int] = Curve(((0, 1_000_000),))
NO_MEMORY: Curve[int] = Curve(((0, 4 << 20),))
NO_DISK: Curve[int] = Curve(((0, 0),))
ONE_PROCESS: Curve[int] = Curve(((0, 1),))


class BehaviourError(ValueError):
    """A property is unknown or its value is invalid; the message names it and says what is valid."""


class Behaviour(msgspec.Struct, frozen=True, kw_only=True):
    """A declared behaviour. CPU is in nanocores, memory and disk in bytes."""

    start_seconds: float = 0.1
    """From `start_container` until it is running."""
    stop_seconds: float = 0.0
    """From the request to stop until it has exited."""
    run_seconds: float | None = None
    """Until it exits by itself; None means never, or `TASK_SECONDS` for a task."""
    exit_code: int = 0
    crashes: int | None = None
    """How many starts exit by themselves; None means all."""
    pull_error: str = ""
    cpu: Curve[int] = NO_CPU
    memory: Curve[int] = NO_MEMORY
    disk: Curve[int] = NO_DISK
    processes: Curve[int] = ONE_PROCESS
    log: str = ""
    log_seconds: float = 0.0
    answer: str = ""
    startup: Curve[bool] = OK
    readiness: Curve[bool] = OK
    liveness: Curve[bool] = OK


def read_behaviour(texts: Mapping[str, str], base: Behaviour) -> Behaviour:
    """The base behaviour, changed by these properties (with dashes).

    >>> read_behaviour({"run-seconds": "2.5"}, Behaviour()).run_seconds
    2.5

    Raises:
        BehaviourError: a property is unknown or its value is invalid.
    """
    changes: dict[str, object] = {}
    for name, text in texts.items():
        read = _READERS.get(name)
        if read is None:
            raise BehaviourError(f"{name} is no property; there are {', '.join(_READERS)}")
        try:
            changes[name.replace("-", "_")] = read(text)
        except ValueError as error:
            raise BehaviourError(f"{name}: {text!r} is wrong: {error}") from error
    return msgspec.structs.replace(base, **changes) if changes else base


def behaviour_of(container: str, annotations: Mapping[str, str], base: Behaviour) -> Behaviour:
    """The behaviour of a container of a pod with these annotations; invalid ones are ignored."""
    found = base
    for name, text in _properties_of(container, annotations):
        try:
            found = read_behaviour({name: text}, found)
        except BehaviourError:
            continue
    return found


def warnings_of(annotations: Mapping[str, str], base: Behaviour) -> tuple[str, ...]:
    """A warning for each invalid annotation."""
    wrong: list[str] = []
    for key, text in annotations.items():
        if DOMAIN in key:
            try:
                read_behaviour({key.partition(DOMAIN)[2]: text}, base)
            except BehaviourError as error:
                wrong.append(f"annotation {key} is ignored: {error}")
    return tuple(wrong)


def _properties_of(container: str, annotations: Mapping[str, str]) -> list[tuple[str, str]]:
    own = f"{container}.{DOMAIN}"
    common = [(key.removeprefix(DOMAIN), text) for key, text in annotations.items() if key.startswith(DOMAIN)]
    return common + [(key.removeprefix(own), text) for key, text in annotations.items() if key.startswith(own)]


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds < 1e9:  # nan and inf too
        raise ValueError("seconds are a number from 0")
    return seconds


def _code(text: str) -> int:
    code = int(text)
    if not 0 <= code <= MAX_EXIT_CODE:
        raise ValueError("an exit code is a number from 0 to 255")
    return code


def _count(text: str) -> int:
    count = int(text)
    if count < 0:
        raise ValueError("a count is a number from 0")
    return count


def _answer(text: str) -> bool:
    if text not in {"ok", "fail"}:
        raise ValueError("an answer is ok or fail")
    return text == "ok"


@lru_cache(maxsize=1024)
def _nano_cores(text: str) -> Curve[int]:
    return parse_curve(text, lambda one: quantity.parse(one).nanos)


@lru_cache(maxsize=1024)
def _bytes(text: str) -> Curve[int]:
    return parse_curve(text, lambda one: quantity.parse(one).nanos // quantity.NANOS)


def _answers(text: str) -> Curve[bool]:
    return parse_curve(text, _answer)


_READERS: dict[str, Callable[[str], object]] = {
    "start-seconds": _seconds,
    "stop-seconds": _seconds,
    "run-seconds": _seconds,
    "exit-code": _code,
    "crashes": _count,
    "pull-error": str,
    "cpu": _nano_cores,
    "memory": _bytes,
    "disk": _bytes,
    "processes": _bytes,
    "log": str,
    "log-seconds": _seconds,
    "answer": str,
    "startup": _answers,
    "readiness": _answers,
    "liveness": _answers,
}
