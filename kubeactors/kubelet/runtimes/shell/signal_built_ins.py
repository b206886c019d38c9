"""The built-in commands about signals and background processes: `trap`, `kill`, `wait`.

Source: POSIX.1-2024, Utilities; error messages are those of busybox's ash.
"""

from typing import TYPE_CHECKING

from kubeactors.kubelet.runtimes.shell.parser import parse
from kubeactors.kubelet.runtimes.shell.processes import Process, Run, Until
from kubeactors.kubelet.runtimes.shell.quoting import quoted

if TYPE_CHECKING:
    from kubeactors.kubelet.runtimes.shell.interpreter import Shell

_NAMES = (
    *("HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM"),
    *("TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF"),
    *("WINCH", "POLL", "PWR", "SYS"),
)
SIGNALS = {name: number for number, name in enumerate(_NAMES, 1)}
TERMINATED = 143


def signal_name(text: str) -> str | None:
    """The name of a signal, given by name or number; None if it is unknown.

    >>> signal_name("SIGTERM"), signal_name("15"), signal_name("0"), signal_name("x")
    ('TERM', 'TERM', 'EXIT', None)
    """
    name = text.upper().removeprefix("SIG")
    if name in SIGNALS or name == "EXIT":
        return name
    return {"0": "EXIT", **{str(number): one for one, number in SIGNALS.items()}}.get(text)


def trap(shell: "Shell", words: list[str]) -> Run:
    """Set, reset (`-`, or a number first) or print traps."""
    yield from ()
    words = words[1:] if words[:1] == ["--"] else words
    if not words:
        for trapped, script in shell.traps.items():
            shell.say(f"trap -- {quoted(script)} {trapped}\n")
        return 0
    action, *names = ["-", *words] if len(words) == 1 or words[0].isdecimal() else words
    parse(action)  # reject syntax errors now
    code = 0
    for word in names:
        name = signal_name(word)
        if name is None:
            shell.complain(f"trap: {word}: invalid signal specification")
            code = 1
        elif action == "-":
            shell.traps.pop(name, None)
        else:
            shell.traps[name] = action
    return code


def wait(shell: "Shell", words: list[str]) -> Run:
    """Wait for the named background processes, or all; a trapped signal ends the wait."""
    waited = shell.children
    if words:
        waited = [one for one in shell.children if str(one.number) in words or _process(shell, words[-1]) is one]
        if not waited:
            return 127
    yield Until(lambda: bool(shell.pending) or all(one.is_over for one in waited))
    if shell.pending:
        return TERMINATED
    return (waited[-1].exit_code or 0) if words else 0


def kill(shell: "Shell", words: list[str]) -> Run:
    """Signal processes, or list the names of signals (`-l`)."""
    yield from ()
    if words[:1] == ["-l"]:
        shell.say("".join(_listed(words[1:])))
        return 0
    signal = "TERM"
    if words and words[0].startswith("-") and words[0] != "--":
        asked = words.pop(0)[1:]
        named = words.pop(0) if asked == "s" and words else asked
        known = named if named == "0" else signal_name(named)
        if known is None:
            shell.complain(f"bad signal name '{named}'")
            return 1
        signal = known
    words = words[1:] if words[:1] == ["--"] else words
    if not words:
        shell.complain("you need to specify whom to kill")
        return 1
    code = 0
    for word in words:
        process = _process(shell, word)
        if process is None:
            shell.complain(f"can't kill pid {word}: No such process")
            code = 1
        elif signal != "0":
            _signal(shell, process, signal)
    return code


def _listed(words: list[str]) -> list[str]:
    """The lines of `kill -l`; exit codes of killed commands stand for their signals."""
    if not words:
        return [f"{number:2}) {name}\n" for name, number in SIGNALS.items()]
    plain = [str(int(one) & 0x7F) if one.isdecimal() else one for one in words]
    names = [signal_name(one) or one for one in plain]
    return [f"{name if one.isdecimal() else SIGNALS.get(name, 0)}\n" for one, name in zip(plain, names, strict=True)]


def _process(shell: "Shell", word: str) -> Process | None:
    if word == "1":
        return shell.machine.main
    if word.startswith("%"):
        number = int(word[1:]) - 1 if word[1:].isdecimal() else -1
        return shell.children[number] if 0 <= number < len(shell.children) else None
    found = shell.machine.processes.find(int(word)) if word.isdecimal() else None
    return found if found is not None and found.owner is shell.machine and not found.is_over else None


def _signal(shell: "Shell", process: Process, signal: str) -> None:
    """Signal a process. The first process reacts only to trapped signals; any other is terminated."""
    if process is shell.machine.main:
        shell.machine.signal(signal)
    else:
        process.end(128 + SIGNALS.get(signal, 15))
