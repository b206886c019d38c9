"""Messages: the base of everything that crosses a mailbox."""

import inspect
import types
from collections.abc import Collection, Iterator, MutableMapping, MutableSequence, MutableSet
from typing import TYPE_CHECKING, Annotated, Generic, Protocol, TypeVar, Union, get_args, get_origin

import msgspec

R_co = TypeVar("R_co", covariant=True)


_REMEDIES: tuple[tuple[type, str], ...] = (
    (bytearray, "make it bytes"),
    (MutableSequence, "make it a tuple"),
    (MutableSet, "make it a frozenset"),
    (MutableMapping, "make it a read-only Mapping, or a tuple of pairs"),
)


def mutable_kinds(annotation: object) -> Iterator[type]:
    """The mutable classes in an annotation, also inside unions and immutable collections.

    >>> [kind.__name__ for kind in mutable_kinds(tuple[int | bytearray, ...] | dict[str, int])]
    ['bytearray', 'dict']
    """
    origin = get_origin(annotation) or annotation
    if isinstance(origin, type) and _is_mutable(origin):
        yield origin
    elif origin in _TRANSPARENT or (isinstance(origin, type) and issubclass(origin, Collection)):
        for part in get_args(annotation):
            yield from mutable_kinds(part)


_TRANSPARENT = (Union, types.UnionType, Annotated)


def _is_mutable(kind: type[object]) -> bool:
    if issubclass(kind, msgspec.Struct):
        return not kind.__struct_config__.frozen
    of_dataclass = getattr(kind, "__dataclass_params__", None)
    if of_dataclass is not None:
        return not of_dataclass.frozen
    return issubclass(kind, tuple(known for known, _ in _REMEDIES))


def _remedy(kind: type) -> str:
    return next((remedy for known, remedy in _REMEDIES if issubclass(kind, known)), "add frozen=True to its class")


def _annotations(cls: type) -> dict[str, object]:
    """The annotations of the class itself, without those whose names are not defined yet."""
    try:
        return inspect.get_annotations(cls, eval_str=True)
    except (AttributeError, NameError, SyntaxError, TypeError):
        return {name: one for name, one in vars(cls).get("__annotations__", {}).items() if not isinstance(one, str)}


class Message(msgspec.Struct, frozen=True):
    """An immutable value that one actor sends to another.

    Subclasses are frozen too, and hold scalars, strings, bytes, tuples, refs and other frozen Structs: nothing is copied,
    the receiver gets the sender's object. Reply address, sender and cause are on the envelope, never in the message.

    >>> class Increment(Message, frozen=True):
    ...     by: int
    >>> Increment(2)
    Increment(by=2)

    A mutable field is rejected when the class is defined; `frozen=False` is rejected by `handle`.

    >>> class Average(Message, frozen=True):
    ...     of: list[int]
    Traceback (most recent call last):
    TypeError: Average.of: a list is mutable, and would be shared with the receiver; make it a tuple
    """

    if not TYPE_CHECKING:  # type checkers know the options of a Struct without it

        def __init_subclass__(cls) -> None:
            super().__init_subclass__()
            for field, annotation in _annotations(cls).items():
                for kind in mutable_kinds(annotation):
                    raise TypeError(
                        f"{cls.__name__}.{field}: a {kind.__name__} is mutable, and would be shared with the receiver; {_remedy(kind)}"
                    )


class Request(Message, Generic[R_co], frozen=True):
    """A message that gets a reply; its parameter is the reply's type.

    `await ref.ask(request)` has that type. A rejection that the caller must handle is part of the reply type (a union
    with a Struct), not an exception.

    >>> class GetTotal(Request[int], frozen=True):
    ...     pass
    """


M_contra = TypeVar("M_contra", contravariant=True)


class Recipient(Protocol[M_contra]):
    """Something that takes messages: an actor's ref, as seen from rooms that know no actors."""

    def tell(self, message: M_contra, /) -> bool:
        """Put the message into the mailbox; False if it was rejected (full, or the actor has stopped). Never waits."""
        ...
