"""The declaration of a function: its name, its parameter and result types, and its implementation on plain values."""

from collections.abc import Callable

import msgspec

BOOL, DOUBLE, DYN, INT, STRING = "bool", "double", "dyn", "int", "string"
LIST = "list"
"""A list of anything."""
TAGGED = "tagged"
"""A value of a type that CEL lacks."""
ASKED = "asked"
"""An authorization check that is being built."""

Tagged = dict[str, str]
"""One entry: the type's name and the value as a string."""


class Function(msgspec.Struct, frozen=True, kw_only=True):
    """An overload of a function. `is_member`: it is a method of its first parameter."""

    name: str
    parameters: tuple[str, ...]
    result: str
    run: Callable[..., object]
    is_member: bool = False

    @property
    def id(self) -> str:
        """The unique id of the overload."""
        return f"{self.name}_{'of_' if self.is_member else ''}{'_'.join(self.parameters)}"


def function(name: str, parameters: tuple[str, ...], result: str, run: Callable[..., object]) -> Function:
    """A global function."""
    return Function(name=name, parameters=parameters, result=result, run=run)


def member(name: str, parameters: tuple[str, ...], result: str, run: Callable[..., object]) -> Function:
    """A method of the first parameter."""
    return Function(name=name, parameters=parameters, result=result, run=run, is_member=True)


def of_value(name: str, result: str, run: Callable[[Tagged], object]) -> Function:
    """A method, without other parameters, of a value of a type that CEL lacks."""
    return member(name, (TAGGED,), result, run)


def of_values(name: str, result: str, run: Callable[[Tagged, Tagged], object]) -> Function:
    """A method of such a value, with another as its parameter."""
    return member(name, (TAGGED, TAGGED), result, run)


def text_of(value: Tagged, tag: str) -> str:
    """The value of a type, as a string.

    Raises:
        ValueError: it is of another type.
    """
    if tag not in value:
        raise ValueError("no such overload")
    return value[tag]


def is_valid(parse: Callable[[str], object]) -> Callable[[str], bool]:
    """Whether a string can be parsed."""

    def check(text: str) -> bool:
        try:
            parse(text)
        except ValueError:
            return False
        return True

    return check
