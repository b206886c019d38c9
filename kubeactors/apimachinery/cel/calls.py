"""The cost of calls, and the size of their results.

A function may have several overloads; where the types of the arguments are unknown, all that may apply are considered,
and the most expensive one counts.

Source: cel-go/checker/cost.go, cel-go/ext (v0.26), apiserver/pkg/cel/library/cost.go (v1.36).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from kubeactors.apimachinery.cel.sizes import (
    ANY,
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    LIST,
    MOST,
    NOTHING,
    ONE,
    STRING,
    TIMESTAMP,
    UNKNOWN,
    Declared,
    Range,
    plain,
)
from kubeactors.apimachinery.cel.value import Entries, Estimate

Target: TypeAlias = Estimate | None
Arguments: TypeAlias = Sequence[Estimate]
Priced: TypeAlias = tuple[Range, Range | None]
"""The cost of the call itself, and the size of its result if that is known."""

_CHARACTER = 0.1
_PATTERN = 0.25


def cost_of_call(function: str, target: Target, arguments: Arguments) -> Priced:
    """The cost of a call including its arguments, without its target; and the size of its result."""
    given = NOTHING
    for one in arguments:
        given = given.plus(one.cost)
    if function in ("_||_", "_&&_"):  # the right operand may not be evaluated
        return Range(arguments[0].cost.least, given.most), None
    if function == "_?_:_":
        condition, then, otherwise = arguments
        cost = condition.cost.plus(then.cost.union(otherwise.cost))
        return cost, then.known_size.union(otherwise.known_size)
    own, size = _OWN.get(function, _constant)(target, arguments)
    return own.plus(given), size


def result_of_call(function: str, target: Target, arguments: Arguments, cost: Range, size: Range | None) -> Estimate:
    """The estimate of a call's result."""
    entries = _entries(function, arguments)
    return Estimate(cost=cost, type=_type(function, target, arguments), size=size, entries=entries)


def _constant(_target: Target, _arguments: Arguments) -> Priced:
    return ONE, None


def _entries(function: str, arguments: Arguments) -> Entries | None:
    """The entries of one of two values, or of both concatenated."""
    if function not in ("_?_:_", "_+_"):
        return None
    one, other = (argument.entries for argument in arguments[-2:])
    if one is None or other is None:
        return None
    return Entries(one.kind, one.keys.union(other.keys), one.values.union(other.values))


def _type(function: str, target: Target, arguments: Arguments) -> Declared:
    if function in ("_?_:_", "_+_"):
        return _better(*(one.type for one in arguments[-2:]))
    if function in ("_-_", "_*_", "_/_", "_%_", "-_"):
        return arguments[0].type
    if function in ("min", "max", "sum") and target is not None:
        return target.type.items or ANY
    return _RESULTS.get(function, ANY)


def _better(one: Declared, other: Declared) -> Declared:
    """The more specific type: an empty list has items of any type."""
    if one.kind == DYN or (one.kind == LIST and (one.items is None or one.items.kind == DYN)):
        return other
    return one


def _kinds(arguments: Arguments) -> tuple[str, ...]:
    return tuple(one.type.kind for one in arguments if one.type.kind != DYN)


def _equal(_target: Target, arguments: Arguments) -> Priced:
    most = min(one.known_size.most for one in arguments)
    return Range(1 if most else 0, most).scaled(_CHARACTER), None


def _compare(target: Target, arguments: Arguments) -> Priced:
    kinds = _kinds(arguments)
    texts = _equal(target, arguments)[0]
    if kinds:
        return (texts if kinds[0] in (STRING, BYTES) else ONE), None
    return texts.union(ONE), None


def _add(_target: Target, arguments: Arguments) -> Priced:
    kinds = _kinds(arguments)
    size = arguments[0].known_size.plus(arguments[1].known_size)
    if kinds and kinds[0] == LIST:
        return ONE, size
    if kinds and kinds[0] not in (STRING, BYTES):
        return ONE, None
    text = size.scaled(_CHARACTER)
    return (text if kinds else text.union(ONE)), size


def _within(_target: Target, arguments: Arguments) -> Priced:
    kind = arguments[1].type.kind
    items = arguments[1].known_size
    if kind == LIST:
        return items, None
    return (items.union(ONE) if kind == DYN else ONE), None


def _through_argument(_target: Target, arguments: Arguments) -> Priced:
    return arguments[0].known_size.scaled(_CHARACTER), None


def _through_target(target: Target, arguments: Arguments) -> Priced:
    if target is None:
        return ONE, None
    del arguments
    return target.known_size.scaled(_CHARACTER), target.known_size


def _contains(target: Target, arguments: Arguments) -> Priced:
    if target is None:
        return ONE, None
    text, part = target.known_size.scaled(_CHARACTER), arguments[0].known_size.scaled(_CHARACTER)
    return text.times(part), None


def _pattern(target: Target, arguments: Arguments) -> Priced:
    """A pattern is not free on an empty string."""
    if target is None:
        return ONE, None
    text = target.known_size.plus(ONE).scaled(_CHARACTER)
    return text.times(arguments[0].known_size.scaled(_PATTERN)), None


def _find(target: Target, arguments: Arguments) -> Priced:
    cost = _pattern(target, arguments)[0]
    return cost, None if target is None else Range(0, target.known_size.most)


def _of_items(target: Target, arguments: Arguments) -> Priced:
    """`sum` and the like visit each item once; strings are traversed."""
    if target is None:
        return ONE, None
    del arguments
    if target.type.kind != LIST:
        return target.known_size.scaled(_CHARACTER), None
    each = ONE
    items = target.type.items or ANY
    if items.kind in (STRING, BYTES):
        each = each.plus(_size_of_items(target).scaled(_CHARACTER))
    return target.known_size.times(each), None


def _size_of_items(target: Estimate) -> Range:
    if target.entries is not None:
        return target.entries.values
    found = None if target.place is None else target.place.items
    return UNKNOWN if found is None or found.kind == DYN else Range(0, found.max_size)


def _split(target: Target, arguments: Arguments) -> Priced:
    if target is None:
        return ONE, None
    del arguments
    return target.known_size.scaled(2 * _CHARACTER), Range(0, target.known_size.most)


def _join(target: Target, arguments: Arguments) -> Priced:
    if target is None:
        return ONE, None
    items = target.known_size
    size = items.times(_size_of_items(target))
    if arguments:
        between = Range(max(items.least - 1, 0), max(items.most - 1, 0))
        size = size.plus(arguments[0].known_size.times(between))
    return size.scaled(_CHARACTER), size


def _replace(target: Target, arguments: Arguments) -> Priced:
    if target is None or len(arguments) < 2:
        return ONE, None
    text, old, new = target.known_size, arguments[0].known_size, arguments[1].known_size
    count = Range(_count(text.least, old.most, new.least), _count(text.most, old.least, new.most))
    kept = Range(
        text.least if old.most == 0 or old.most <= new.least else 0,
        text.most if old.least == 0 or new.most <= old.least else 0,
    )
    return text.scaled(2 * _CHARACTER), count.times(new).plus(kept)


def _count(text: int, old: int, new: int) -> int:
    """The number of replacements: an empty string matches between all characters; a shorter result counts none."""
    if old == 0:
        return min(text + 1, MOST)
    return 0 if new <= old else -(-text // old)


def _sets(factor: int) -> Callable[[Target, Arguments], Priced]:
    def cost(target: Target, arguments: Arguments) -> Priced:
        del target
        pairs = arguments[0].known_size.times(arguments[1].known_size)
        return pairs.scaled(factor).plus(ONE), None

    return cost


def _bytes_of(_target: Target, arguments: Arguments) -> Priced:
    size = arguments[0].known_size
    if arguments[0].type.kind != STRING:
        return ONE, None
    return size.scaled(_CHARACTER), Range(size.least, min(size.most * 4, MOST))


def _text_of(_target: Target, arguments: Arguments) -> Priced:
    size = arguments[0].known_size
    if arguments[0].type.kind != BYTES:
        return ONE, None
    return size.scaled(_CHARACTER), Range(size.least // 4, size.most)


def _contains_address(_target: Target, arguments: Arguments) -> Priced:
    """Compares the bytes of two addresses, IPv4 or IPv6; a string is parsed first."""
    cost = Range(4, 16).plus(Range(4, 16)).scaled(_CHARACTER)
    if arguments and arguments[0].type.kind == STRING:
        cost = cost.plus(arguments[0].known_size.scaled(_CHARACTER))
    return cost, None


def _contains_block(target: Target, arguments: Arguments) -> Priced:
    cost, _ = _contains_address(target, arguments)
    return cost.plus(Range(4, 16).scaled(_CHARACTER)).plus(ONE), None


_OWN: Mapping[str, Callable[[Target, Arguments], Priced]] = {
    "_==_": _equal,
    "_!=_": _equal,
    **dict.fromkeys(("_<_", "_<=_", "_>_", "_>=_"), _compare),
    "_+_": _add,
    "@in": _within,
    **dict.fromkeys(("startsWith", "endsWith", "url"), _through_argument),
    **dict.fromkeys(("lowerAscii", "upperAscii", "substring", "trim"), _through_target),
    "format": lambda target, arguments: (_through_target(target, arguments)[0], None),
    "contains": _contains,
    "matches": _pattern,
    **dict.fromkeys(("find", "findAll"), _find),
    **dict.fromkeys(("isSorted", "sum", "max", "min", "indexOf", "lastIndexOf"), _of_items),
    "split": _split,
    "join": _join,
    "replace": _replace,
    "sets.contains": _sets(1),
    "sets.intersects": _sets(1),
    "sets.equivalent": _sets(2),
    "bytes": _bytes_of,
    "string": _text_of,
    "containsIP": _contains_address,
    "containsCIDR": _contains_block,
}

_TEXT = plain(STRING)
_RESULTS: Mapping[str, Declared] = {
    **dict.fromkeys(("_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_", "_||_", "_&&_", "!_", "@in"), plain(BOOL)),
    **dict.fromkeys(("startsWith", "endsWith", "contains", "matches", "isSorted", "hasValue"), plain(BOOL)),
    **dict.fromkeys(("string", "lowerAscii", "upperAscii", "substring", "trim", "replace", "join", "format"), _TEXT),
    **dict.fromkeys(("find", "charAt", "getScheme", "getHost", "getHostname", "getPort", "getEscapedPath"), _TEXT),
    **dict.fromkeys(("size", "int", "indexOf", "lastIndexOf", "asInteger", "sign", "compareTo"), plain(INT)),
    **dict.fromkeys(("split", "findAll"), plain(LIST, _TEXT)),
    "bytes": plain(BYTES),
    "double": plain(DOUBLE),
    "duration": plain(DURATION),
    "timestamp": plain(TIMESTAMP),
}
