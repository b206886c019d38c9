"""Commands that run other commands, or list them.

Source: POSIX.1-2024, Utilities; busybox 1.37 for `timeout`, `ps` and `top`.
"""

from kubeactors.kubelet.runtimes.shell.machine import Call
from kubeactors.kubelet.runtimes.shell.processes import Process, Run, Sleep, Until
from kubeactors.kubelet.runtimes.shell.system_commands import Command, duration

TIMED_OUT = 143
TOP_SECONDS = 5.0


def inner_command(words: tuple[str, ...]) -> tuple[str, ...]:
    """The command that a command runs; empty if it runs none.

    >>> inner_command(("env", "A=1", "make", "all")), inner_command(("timeout", "-s", "KILL", "5", "nc", "-z"))
    (('make', 'all'), ('nc', '-z'))
    >>> inner_command(("env",)), inner_command(("echo", "hi"))
    ((), ())
    """
    match words:
        case ("env", *rest):
            return tuple(_without_options(rest, "u", assignments=True))
        case ("timeout", *rest):
            return tuple(_without_options(rest, "sk")[1:])
        case ("xargs", *rest):
            return tuple(_without_options(rest, "nILPdEs"))
        case (("nohup" | "nice" | "time"), *rest):
            return tuple(_without_options(rest, "n"))
        case _:
            return ()


def _without_options(words: list[str], valued: str, *, assignments: bool = False) -> list[str]:
    """The words from the first non-option on. Options of the letters `valued` have a value, possibly the next word."""
    rest = list(words)
    while rest and ((rest[0][:1] == "-" and len(rest[0]) > 1) or (assignments and "=" in rest[0])):
        option = rest.pop(0)
        if len(option) == 2 and option[0] == "-" and option[1] in valued and rest:
            rest.pop(0)
    return rest


def _inner(call: Call) -> list[str]:
    return list(inner_command((call.words[0].rpartition("/")[2], *call.arguments)))


def _env(call: Call) -> Run:
    """Print the environment, or run a command in a changed one."""
    command = _inner(call)
    given = call.arguments[: len(call.arguments) - len(command)]
    env = {} if "-i" in given or "-" in given else dict(call.env)
    for number, word in enumerate(given):
        if word == "-u":
            env.pop(given[number + 1], None)
        elif "=" in word:
            name, _, value = word.partition("=")
            env[name] = value
    if command:
        return (yield from call.run(command, env=env))
    call.say("".join(f"{name}={value}\n" for name, value in env.items()))
    return 0


def _timeout(call: Call) -> Run:
    """`timeout SECONDS COMMAND`."""
    command = _inner(call)
    if not command:
        return call.complain("missing operand")
    seconds = duration(call.arguments[len(call.arguments) - len(command) - 1])
    processes = call.machine.processes
    process = processes.spawn(call.run(command), call.machine)
    alarm = processes.spawn(_ends_after(process, seconds), call.machine)
    try:
        yield Until(lambda: process.is_over)
    finally:
        process.end(TIMED_OUT)
        alarm.end(0)
    return process.exit_code or 0


def _ends_after(process: Process, seconds: float | None) -> Run:
    yield Sleep(seconds)
    process.end(TIMED_OUT)
    return 0


def _runs(call: Call) -> Run:
    """`nohup`, `nice`, `time`: run the command."""
    command = _inner(call)
    return (yield from call.run(command)) if command else call.complain("missing operand")


def _table(call: Call) -> list[tuple[int, str]]:
    """The PIDs and commands of the first process and of this one."""
    running = call.machine.processes.running
    own = running.number if running is not None else 0
    shown = [] if call.machine.runs_main else [(1, call.machine.title)]
    return [*shown, (max(own, 1 + len(shown)), " ".join(call.words))]


def _ps(call: Call) -> int:
    """List the first process and this one, not those between them."""
    call.say("PID   USER     TIME  COMMAND\n")
    user = call.machine.user.name
    call.say("".join(f"{number:5} {user:8}  0:00 {command}\n" for number, command in _table(call)))
    return 0


def _top(call: Call) -> Run:
    """`top -bn1`; without a count it runs forever."""
    text = "".join(call.arguments)
    rounds = text.partition("n")[2]
    call.say("  PID USER     STAT COMMAND\n")
    while True:
        for number, command in _table(call):
            call.say(
                f"{number:5} {call.machine.user.name:8} {'R' if command.startswith('top') else 'S'}    {command}\n"
            )
        if rounds.isdecimal():
            return 0
        yield Sleep(TOP_SECONDS)


PROCESS_COMMANDS: dict[str, Command] = {
    "env": _env,
    "nice": _runs,
    "nohup": _runs,
    "ps": _ps,
    "time": _runs,
    "timeout": _timeout,
    "top": _top,
}
