"""Commands about the system, and basic utilities such as `echo` and `test`.

Source: POSIX.1-2024, Utilities; busybox 1.37 for unspecified behaviour and for error messages.
"""

import re
from collections.abc import Callable
from typing import TypeAlias

from kubeactors.kubelet.runtimes.shell.conditions import WrongTest, holds
from kubeactors.kubelet.runtimes.shell.machine import Call
from kubeactors.kubelet.runtimes.shell.printing import escaped, formatted
from kubeactors.kubelet.runtimes.shell.processes import Run, Sleep

Command: TypeAlias = Callable[[Call], Run | int]
"""Implements a command: returns its exit code, or a generator that does."""
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LONGEST_SECONDS = 1e9
_duration = re.compile(r"(\d+\.?\d*|\.\d+)([smhd]?)")


def duration(text: str) -> float | None:
    """Parse a duration in seconds; None means forever.

    >>> duration("1.5"), duration("2m"), duration("infinity")
    (1.5, 120.0, None)

    Raises:
        ValueError: it is malformed.
    """
    if text in {"inf", "infinity"}:
        return None
    found = _duration.fullmatch(text)
    if found is None:
        raise ValueError(text)
    seconds = float(found[1]) * _UNITS[found[2] or "s"]
    return seconds if seconds < 1e9 else None


def sleep(call: Call) -> Run:
    """`sleep`."""
    try:
        seconds = [duration(one) for one in call.arguments]
    except ValueError as error:
        return call.complain(f"invalid number '{error}'")
    if not seconds:
        return call.complain("missing operand")
    yield Sleep(None if None in seconds else sum(one or 0.0 for one in seconds))
    return 0


def _usleep(call: Call) -> Run:
    """Sleep for a number of microseconds."""
    words = call.arguments
    if len(words) != 1 or not (words[0].isascii() and words[0].isdecimal()):
        return call.complain(f"invalid number '{words[0] if words else ''}'")
    yield Sleep(min(int(words[0][:15]) / 1e6, _LONGEST_SECONDS))
    return 0


def _echo(call: Call) -> int:
    words, newline, escapes = call.arguments, True, False
    while words and re.fullmatch(r"-[neE]+", words[0]):
        newline = newline and "n" not in words[0]
        escapes = escapes or "e" in words[0]
        words = words[1:]
    text = " ".join(words)
    call.say((escaped(text) if escapes else text) + ("\n" if newline else ""))
    return 0


def _printf(call: Call) -> int:
    words = call.arguments[1:] if call.arguments[:1] == ["--"] else call.arguments
    if not words:
        call.complain("usage: printf FORMAT [ARGUMENT...]")
        return 2
    call.say(formatted(words[0], words[1:]))
    return 0


def _printenv(call: Call) -> int:
    if not call.arguments:
        call.say("".join(f"{name}={value}\n" for name, value in call.env.items()))
    code = 0
    for name in call.arguments:
        value = call.env.get(name)
        if value is None:
            code = 1
        else:
            call.say(f"{value}\n")
    return code


def _id(call: Call) -> int:
    options, _ = call.options("ugGnr")
    user = call.machine.user
    shown = {"u": (user.uid,), "g": (user.gid,), "G": user.groups}
    numbers = next((shown[one] for one in "ugG" if one in options), ())
    if not numbers:
        call.say(f"{user.described()}\n")
    elif "n" in options and any(numbers):
        return call.complain(f"unknown ID {max(numbers)}")
    else:
        call.say("root\n" if "n" in options else " ".join(map(str, numbers)) + "\n")
    return 0


def _uname(call: Call) -> int:
    options, _ = call.options("amnrs")
    shown = {"s": "Linux", "n": call.machine.hostname, "r": "6.12.0-kubeactors", "m": "x86_64"}
    wanted = [text for letter, text in shown.items() if letter in options or "a" in options] or ["Linux"]
    call.say(" ".join(wanted) + "\n")
    return 0


def _test(call: Call) -> int:
    try:
        return int(not holds(_tested(call), call.files, call.directory, terminal=call.streams.is_terminal))
    except WrongTest as error:
        call.streams.error.write(f"sh: {error}\n".encode(errors="surrogateescape"))
        return 2


def _tested(call: Call) -> list[str]:
    """The condition, without the closing bracket of `[`."""
    words = call.arguments
    if call.words[0] == "[" and (not words or words.pop() != "]"):
        raise WrongTest("missing ]")
    return words


def _hostname(call: Call) -> int:
    """`hostname`, and `hostname -i`: the pod's address from `/etc/hosts`."""
    name = call.machine.hostname
    if "i" in call.options("fisdI")[0].lower():
        lines = [one.split() for one in call.files.read("/etc/hosts").decode().splitlines()]
        call.say("".join(f"{one[0]}\n" for one in lines if name in one[1:]))
    else:
        call.say(f"{name}\n")
    return 0


def _pwd(call: Call) -> int:
    call.say(f"{call.directory}\n")
    return 0


def _whoami(call: Call) -> int:
    uid = call.machine.user.uid
    if uid:
        return call.complain(f"unknown uid {uid}")
    call.say("root\n")
    return 0


def _nproc(call: Call) -> int:
    call.say("1\n")
    return 0


SYSTEM_COMMANDS: dict[str, Command] = {
    "[": _test,
    "echo": _echo,
    "false": lambda _: 1,
    "hostname": _hostname,
    "id": _id,
    "nproc": _nproc,
    "printenv": _printenv,
    "printf": _printf,
    "pwd": _pwd,
    "sleep": sleep,
    "sync": lambda _: 0,
    "test": _test,
    "true": lambda _: 0,
    "uname": _uname,
    "usleep": _usleep,
    "whoami": _whoami,
}
