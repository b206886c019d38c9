"""The state of a running awk program: variables, arrays, the current record, and the frames of functions.

Source: POSIX.1-2024, Utilities, awk.
"""

import re
from collections.abc import Callable, Generator
from typing import TypeAlias

from kubeactors.kubelet.runtimes.shell.awk_streams import AwkStreams, Records
from kubeactors.kubelet.runtimes.shell.awk_values import (
    UNSET,
    Array,
    AwkFailure,
    Read,
    Value,
    as_integer,
    as_number,
    as_text,
    split,
)
from kubeactors.kubelet.runtimes.shell.files import FileError
from kubeactors.kubelet.runtimes.shell.machine import Call
from kubeactors.kubelet.runtimes.shell.printing import escaped
from kubeactors.kubelet.runtimes.shell.processes import Sleep, Step

MAX_STEPS = 200_000
"""The maximum number of loop iterations and calls of functions in a run."""
MAX_TEXT = 1 << 20
"""The maximum length of a value, in characters."""
MAX_MADE = 1 << 28
"""The maximum length of all concatenations of a run together, in characters."""
MAX_CALLS = 40
"""The maximum depth of calls of functions."""
ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
Cell: TypeAlias = Value | Array | None
"""A local variable; None until it is used."""


class AwkState:
    """Variables, arrays, and the fields of the current record.

    Args:
        call: the call of awk.
        paths: its operands.
    """

    def __init__(self, call: Call, paths: list[str]) -> None:
        self.call: Call = call
        self.charge: Callable[[int], None] = call.machine.processes.charge
        self.streams: AwkStreams = AwkStreams(call)
        self.frames: list[list[Cell]] = []
        """The local variables of the running functions."""
        self.seed: int = 0
        self.random: int = 0
        """The state of `rand`."""
        self.code: int = 0
        """The exit code."""
        self._variables: dict[str, Value] = {
            "FS": " ",
            "OFS": " ",
            "ORS": "\n",
            "RS": "\n",
            "SUBSEP": "\x1c",
            "CONVFMT": "%.6g",
            "OFMT": "%.6g",
            "NR": 0.0,
            "FNR": 0.0,
            "RSTART": 0.0,
            "RLENGTH": -1.0,
            "ARGC": float(len(paths) + 1),
        }
        self._arrays: dict[str, Array] = {
            "ARGV": {str(place): Read(one) for place, one in enumerate(["awk", *paths])},
            "ENVIRON": {name: Read(value) for name, value in call.env.items()},
        }
        self._line = ""
        self._fields: list[str] = []
        self._steps = self._made = 0
        self._argument = 0
        self._input: Records | None = None
        self._has_input = False

    def step(self) -> None:
        """Count a loop iteration or a call.

        Raises:
            RecursionError: there were too many.
        """
        self._steps += 1
        if self._steps > MAX_STEPS or len(self.frames) > MAX_CALLS:
            raise RecursionError

    def pause(self) -> Generator[Step, None, None]:
        """Wait if the process has spent too much."""
        if self.call.machine.processes.owes:
            yield Sleep(0.0)

    def made(self, text: str) -> str:
        """Count a concatenation, and return it.

        Raises:
            AwkFailure: it is too long, or all of them are.
        """
        self._made += len(text)
        if self._made > MAX_MADE or len(text) > MAX_TEXT:
            raise AwkFailure("out of memory")
        return text

    # Input.

    def next_record(self) -> Generator[Step, None, str | None]:
        """The next record of the main input, counted; None at the end."""
        while True:
            if self._input is None and not self._open_next():
                return None
            assert self._input is not None  # opened
            record = yield from self._input.take(self.text("RS"))
            if record is not None:
                self._variables["NR"] = as_number(self._variables["NR"]) + 1
                self._variables["FNR"] = as_number(self._variables["FNR"]) + 1
                return record
            self._input = None

    def skip_file(self) -> None:
        """Skip the rest of the current file."""
        self._input = None

    def _open_next(self) -> bool:
        while self._argument + 1 < as_integer(self._variables["ARGC"]):
            self._argument += 1
            path = as_text(self.array("ARGV").get(str(self._argument), ""))
            assigned = ASSIGNMENT.fullmatch(path)
            if assigned is not None:
                self.assign(assigned[1], Read(escaped(assigned[2])))
            elif path:
                try:
                    self._begin(path)
                except FileError as error:
                    self.code = self.call.complain(f"{path}: {error}")
                    self._has_input = True
                else:
                    return True
        if self._has_input:
            return False
        self._begin("-")
        return True

    def _begin(self, path: str) -> None:
        self._input = self.streams.open(path)
        self._has_input = True
        self._variables["FNR"] = 0.0
        self._variables["FILENAME"] = "" if path == "-" else path

    # Variables.

    def text(self, name: str) -> str:
        """A variable as text."""
        return as_text(self.variable(name))

    def variable(self, name: str) -> Value:
        """The value of a variable."""
        return float(len(self._fields)) if name == "NF" else self._variables.get(name, UNSET)

    def assign(self, name: str, value: Value) -> None:
        """Set a variable.

        Raises:
            ValueError: the value is too long.
        """
        if name == "NF":
            count = self._checked(as_integer(value))
            self._fields = (self._fields + [""] * count)[:count]
            self._join()
        else:
            self._variables[name] = checked(value)

    def array(self, name: str) -> Array:
        """The elements of an array."""
        return self._arrays.setdefault(name, {})

    def cell(self, name: str | int) -> Cell:
        """A global or a local variable, as it is passed to a function."""
        if isinstance(name, int):
            return self.frames[-1][name]
        if name in self._arrays:
            return self._arrays[name]
        return self.variable(name) if name == "NF" or name in self._variables else None

    def put(self, name: str | int, cell: Cell) -> None:
        """Set a variable that a function was given unset and made an array of."""
        if isinstance(name, int):
            self.frames[-1][name] = cell
        elif isinstance(cell, dict):
            self._arrays[name] = cell

    # Fields.

    def field(self, number: int) -> Value:
        """A field of the record, counted from 1; 0 is the whole record.

        Raises:
            AwkFailure: the number is negative.
        """
        if number < 0:
            raise AwkFailure("Access to negative field")
        if not number:
            return Read(self._line)
        return Read(self._fields[number - 1]) if number <= len(self._fields) else UNSET

    def set_field(self, number: int, text: str) -> None:
        """Set a field, and rebuild the record.

        Raises:
            ValueError: the number is too large.
        """
        if not self._checked(number):
            self._line = text
            self._fields = split(text, self.text("FS"), paragraph=not self.text("RS"))
            return
        self._fields += [""] * (number - len(self._fields))
        self._fields[number - 1] = text
        self._join()

    def _checked(self, number: int) -> int:
        if not 0 <= number <= MAX_TEXT:
            raise AwkFailure("Access to negative field" if number < 0 else "too many fields")
        return number

    def _join(self) -> None:
        self._line = as_text(checked(self.text("OFS").join(self._fields)))


def checked(value: Value) -> Value:
    """The value.

    Raises:
        AwkFailure: it is too long.
    """
    if isinstance(value, str) and len(value) > MAX_TEXT:
        raise AwkFailure("out of memory")
    return value
