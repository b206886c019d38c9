"""What a function is: its name, the types that it takes and gives, and what it does with plain values."""

from collections.abc import Callable

import msgspec

BOOL, DOUBLE, DYN, INT, STRING = "bool", "double", "dyn", "int", "string"
LIST = "list"
"""Of anything."""
TAGGED = "tagged"
"""A value of a type that CEL lacks."""
ASKED = "asked"
"""A question that is being put together."""

Tagged = dict[str, str]
"""One entry: the type's name and the value as text."""


class Function(msgspec.Struct, frozen=True, kw_only=True):
    """One overload of a function. `is_member`: it is called on its first parameter."""

    name: str
    parameters: tuple[str, ...]
    result: str
    run: Callable[..., object]
    is_member: bool = False

    @property
    def id(self) -> str:
        """A name of its own among all overloads."""
        return f"{self.name}_{'of_' if self.is_member else ''}{'_'.join(self.parameters)}"


def function(name: str, parameters: tuple[str, ...], result: str, run: Callable[..., object]) -> Function:
    """One that is called by its name."""
    return Function(name=name, parameters=parameters, result=result, run=run)


def member(name: str, parameters: tuple[str, ...], result: str, run: Callable[..., object]) -> Function:
    """One that is called on a value, the first of its parameters."""
    return Function(name=name, parameters=parameters, result=result, run=run, is_member=True)


def of_value(name: str, result: str, run: Callable[[Tagged], object]) -> Function:
    """One that is called on a value of a type that CEL lacks, and takes nothing else."""
    return member(name, (TAGGED,), result, run)


def of_values(name: str, result: str, run: Callable[[Tagged, Tagged], object]) -> Function:
    """One that is called on such a value, and takes another."""
    return member(name, (TAGGED, TAGGED), result, run)


def text_of(value: Tagged, tag: str) -> str:
    """The value of a type, as text.

    Raises:
        ValueError: it is of another type.
    """
    if tag not in value:
        raise ValueError("no such overload")
    return value[tag]


def is_valid(parse: Callable[[str], object]) -> Callable[[str], bool]:
    """Whether a text can be parsed."""

    def check(text: str) -> bool:
        try:
            parse(text)
        except ValueError:
            return False
        return True

    return check
