"""The state of a shell."""

from collections.abc import Mapping

from kubeactors.kubelet.runtimes.shell.arithmetic import ArithmeticFailure, evaluate
from kubeactors.kubelet.runtimes.shell.expansion import ExpansionFailure
from kubeactors.kubelet.runtimes.shell.files import FileSystem
from kubeactors.kubelet.runtimes.shell.machine import Machine
from kubeactors.kubelet.runtimes.shell.pipes import Pipe, Streams
from kubeactors.kubelet.runtimes.shell.processes import Process
from kubeactors.kubelet.runtimes.shell.tree import Command

MAX_DIGITS = 20


class ShellState:
    """The state of a shell: variables, options, traps, the current directory.

    Args:
        machine: the machine it runs on.
        env: the initial environment.
        streams: the standard streams.
        arguments: the positional parameters.
        depth: the nesting of shells and functions.
    """

    def __init__(
        self,
        machine: Machine,
        env: Mapping[str, str],
        streams: Streams,
        arguments: tuple[str, ...] = (),
        depth: int = 0,
    ) -> None:
        self.machine: Machine = machine
        self.streams: Streams = streams
        self.arguments: list[str] = list(arguments)
        self.name: str = "sh"
        self.variables: dict[str, str] = dict(env)
        self.exported: dict[str, None] = dict.fromkeys(env)
        self.read_only: dict[str, None] = {}
        self.functions: dict[str, Command] = {}
        self.traps: dict[str, str] = {}
        """Traps by the name of the signal."""
        self.pending: list[str] = []
        """Pending signals."""
        self.options: dict[str, bool] = {}
        self.children: list[Process] = []
        """Background processes."""
        self.status: int = 0
        self.directory: str = env.get("PWD", "/")
        self.depth: int = depth
        self.conditions: int = 0
        """The nesting of conditions, in which failures do not end the script."""
        self.locals: list[dict[str, tuple[str | None, bool]]] = []
        """What local variables hide, by function call: the value, and whether it is exported."""
        self.loops: int = 0
        """The nesting of loops in the present function."""
        self.umask: int = 0o022
        self.option_place: tuple[str, int] = ("1", 1)
        """The value of OPTIND that `getopts` has set, and its place in that word."""
        self.has_substituted: bool = False
        """Whether the present command has run a command substitution."""

    # The scope of expansions.

    @property
    def files(self) -> FileSystem:
        """See `Scope`."""
        return self.machine.files

    def parameter(self, name: str) -> str | None:
        """See `Scope`."""
        if name.isdecimal():
            number = int(name)
            if not number:
                return self.name
            return self.arguments[number - 1] if number <= len(self.arguments) else None
        match name:
            case "?":
                return str(self.status)
            case "#":
                return str(len(self.arguments))
            case "@":
                return " ".join(self.arguments)
            case "*":
                return self.variables.get("IFS", " ")[:1].join(self.arguments)
            case "$":
                return "1"
            case "!":
                return str(self.children[-1].number) if self.children else ""
            case "-":
                return "".join(one for one in self.options if len(one) == 1 and self.options[one])
            case _:
                return self.variables.get(name)

    def assign(self, name: str, value: str) -> None:
        """See `Scope`."""
        if name in self.read_only:
            raise ExpansionFailure(f"{name}: is read only")
        self.variables[name] = value
        if self.options.get("a"):
            self.exported[name] = None

    def declare_local(self, name: str) -> None:
        """Hide a variable until the present function returns; it is unset then."""
        if name in self.read_only:
            raise ExpansionFailure(f"{name}: is read only")
        self.locals[-1].setdefault(name, (self.variables.pop(name, None), name in self.exported))

    def restore(self, hidden: dict[str, tuple[str | None, bool]]) -> None:
        """Restore hidden variables."""
        for name, (value, is_exported) in hidden.items():
            self.exported.pop(name, None)
            self.variables.pop(name, None)
            if value is not None:
                self.variables[name] = value
            if is_exported:
                self.exported[name] = None

    @property
    def environment(self) -> dict[str, str]:
        """The exported variables."""
        return {name: self.variables[name] for name in self.exported if name in self.variables}

    def assign_array(self, name: str, values: list[str]) -> None:
        """Set an array: its elements are the variables `NAME[0]` and so on; the name without an index is the first."""
        for one in [one for one in self.variables if one.startswith(f"{name}[")]:
            del self.variables[one]
        self.assign(name, values[0] if values else "")
        self.variables.update({f"{name}[{place}]": value for place, value in enumerate(values)})

    def calculate(self, expression: str) -> int:
        """See `Scope`."""
        try:
            return evaluate(expression, self.variables)
        except ArithmeticFailure as error:
            raise ExpansionFailure(str(error)) from None

    def charge(self, cost: int) -> None:
        """See `Scope`."""
        self.machine.processes.charge(cost)

    def take_signal(self, signal: str) -> None:
        """Queue a signal, which is handled after the running command, or interrupts a `wait`."""
        if self.traps.get(signal):
            self.pending.append(signal)

    def say(self, text: str) -> None:
        """Write to standard output."""
        self.streams.output.write(text.encode(errors="surrogateescape"))

    def source(self, descriptor: int) -> Pipe:
        """What a descriptor reads from.

        Raises:
            ExpansionFailure: it is not open for reading.
        """
        stream = self.streams.of(descriptor)
        if not isinstance(stream, Pipe):
            raise ExpansionFailure(f"read: {descriptor}: Bad file descriptor")
        return stream

    @staticmethod
    def number(command: str, words: list[str], otherwise: int) -> int:
        """The number that a built-in command is given.

        Raises:
            ExpansionFailure: it is none.
        """
        if not words:
            return otherwise
        if not (words[0].isascii() and words[0].isdecimal() and len(words[0]) < MAX_DIGITS):
            raise ExpansionFailure(f"{command}: Illegal number: {words[0]}")
        return int(words[0])

    def complain(self, text: str) -> None:
        """Write to standard error."""
        self.streams.error.write(f"{self.name}: {text}\n".encode(errors="surrogateescape"))
