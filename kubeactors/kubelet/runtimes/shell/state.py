"""The state of a shell."""

from collections.abc import Mapping

from kubeactors.kubelet.runtimes.shell.arithmetic import ArithmeticFailure, evaluate
from kubeactors.kubelet.runtimes.shell.expansion import ExpansionFailure
from kubeactors.kubelet.runtimes.shell.files import FileSystem
from kubeactors.kubelet.runtimes.shell.machine import Machine
from kubeactors.kubelet.runtimes.shell.pipes import Streams
from kubeactors.kubelet.runtimes.shell.processes import Process
from kubeactors.kubelet.runtimes.shell.tree import Command


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
            case "@" | "*":
                return " ".join(self.arguments)
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

    def take_signal(self, signal: str) -> None:
        """Queue a signal, which is handled after the running command, or interrupts a `wait`."""
        if self.traps.get(signal):
            self.pending.append(signal)

    def complain(self, text: str) -> None:
        """Write to standard error."""
        self.streams.error.write(f"{self.name}: {text}\n".encode(errors="surrogateescape"))
