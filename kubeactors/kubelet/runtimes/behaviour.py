"""How a simulated container behaves, and how people say so: for an image, or in annotations of the pod.

An annotation `simulated.kubeactors.io/PROPERTY` holds for all containers of a pod, and
`CONTAINER.simulated.kubeactors.io/PROPERTY` for one of them. Properties are the fields of `Behaviour` with dashes:

    start-seconds   0.5                 from the start until it runs
    run-seconds     60                  until it ends by itself; without, it runs for ever
    exit-code       3                   with which it ends
    crashes         2                   only so many starts end by themselves, the next one runs for ever
    stop-seconds    5                   from the request to stop until it has ended
    pull-error      no such tag         the image cannot be pulled; this is what the registry says
    cpu             100m 60:500m        how much CPU it takes: from the start 100m, after a minute 500m
    memory          64Mi 60:1Gi         how much memory; beyond the container's limit it is killed (OOMKilled)
    disk            1Gi 60:5Gi          how much of the node's disk, besides the files that its commands write
    processes       1 60:1000           how many processes
    log             a line to write     once when it runs
    log-seconds     10                  and again after so many seconds
    answer              hello               what it answers to a request over HTTP, of simulated commands
    startup, readiness, liveness        ok 60:fail 90:ok: what it answers to a probe

Without any of them a container runs for ever, or for `TASK_SECONDS` if it is one that is to end (`tasks_of`); it stops
when it is asked to, and answers every probe.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache

import msgspec

from kubeactors.apimachinery import quantity
from kubeactors.kubelet.runtimes.curves import Curve, parse_curve

DOMAIN = "simulated.kubeactors.io/"
MAX_EXIT_CODE = 255
TASK_SECONDS = 1.0
"""So long runs a program that is to end, and of which nothing else is known."""

OK: Curve[bool] = Curve(((0, True),))
NO_CPU: Curve[int] = Curve(((0, 1_000_000),))
NO_MEMORY: Curve[int] = Curve(((0, 4 << 20),))
NO_DISK: Curve[int] = Curve(((0, 0),))
ONE_PROCESS: Curve[int] = Curve(((0, 1),))


class BehaviourError(ValueError):
    """A property is unknown, or its value is wrong; the message says which and what would be right."""


class Behaviour(msgspec.Struct, frozen=True, kw_only=True):
    """How long things take, and what happens. CPU in nanocores, memory and disk in bytes."""

    start_seconds: float = 0.1
    """From `start_container` until it runs: making the container."""
    stop_seconds: float = 0.0
    """From the request to stop until it has ended."""
    run_seconds: float | None = None
    """Until it ends by itself; None is never, or `TASK_SECONDS` of a container that is to end."""
    exit_code: int = 0
    crashes: int | None = None
    """So many starts end by themselves; None is all."""
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
    """The behaviour that properties (with dashes) change of another one.

    >>> read_behaviour({"run-seconds": "2.5"}, Behaviour()).run_seconds
    2.5

    Raises:
        BehaviourError: a property is unknown or has a wrong value.
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
    """How a container of a pod with these annotations behaves; those that mean nothing are left out."""
    found = base
    for name, text in _properties_of(container, annotations):
        try:
            found = read_behaviour({name: text}, found)
        except BehaviourError:
            continue
    return found


def warnings_of(annotations: Mapping[str, str], base: Behaviour) -> tuple[str, ...]:
    """What is wrong with the annotations, one sentence for each."""
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
