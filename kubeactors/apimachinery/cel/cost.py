"""The estimated maximum cost of an expression, before there are any values.

Units are Kubernetes': reading a variable or field costs 1, so does a call, and traversing a string costs 0.1 per
character. A loop costs its step times the maximum number of items.

Source: cel-go/checker/cost.go (v0.26), apiserver/pkg/cel/library/cost.go (v1.36).
"""

from collections.abc import Mapping

import msgspec

from kubeactors.apimachinery.cel.calls import cost_of_call, result_of_call
from kubeactors.apimachinery.cel.sizes import (
    ABSENT,
    ANY,
    BOOL,
    BYTES,
    DOUBLE,
    INT,
    LIST,
    MAP,
    NOTHING,
    OBJECT,
    ONE,
    STRING,
    Declared,
    Range,
    exactly,
    plain,
)
from kubeactors.apimachinery.cel.syntax import Call, ListOf, Literal, Loop, MapOf, Name, Node, Select
from kubeactors.apimachinery.cel.value import Entries, Estimate

NO_OTHERS: Mapping[str, Declared] = {}

_NEW_LIST, _NEW_MAP = exactly(10), exactly(30)
_KINDS: Mapping[type, str] = {bool: BOOL, int: INT, float: DOUBLE, str: STRING, bytes: BYTES, type(None): "null"}


class _Variable(msgspec.Struct):
    """A variable of a macro: its type, the place of its values in the schema, and their size."""

    type: Declared
    place: Declared | None
    size: Range | None
    entries: Entries | None = None


def estimate(
    expression: Node, root: Declared, variables: Mapping[str, Declared] = NO_OTHERS, largest: int | None = None
) -> Range:
    """The cost of an expression over variables that share one type, `self` and `oldSelf`, or have types of their own.

    `largest` is the maximum size of a value of unknown size; None if it is unbounded.

    >>> from kubeactors.apimachinery.cel.program import compile_program
    >>> texts = Declared(kind=LIST, items=Declared(kind=STRING, max_size=20), max_size=5)
    >>> it = Declared(kind=OBJECT, fields={"tags": texts})
    >>> estimate(compile_program("self.tags.all(t, t.startsWith('a'))", ("self",)).syntax, it)
    Range(least=3, most=28)
    """
    return _Estimator(root, variables, None if largest is None else Range(0, largest)).of(expression).cost


class _Estimator:
    """Visits an expression once, bottom-up; `_names` are the variables of the enclosing loops."""

    def __init__(self, root: Declared, variables: Mapping[str, Declared], largest: Range | None) -> None:
        self._root = root
        self._variables = variables
        self._largest = largest
        self._names: dict[str, list[_Variable]] = {}

    def of(self, node: Node) -> Estimate:
        found = self._of(node)
        if self._largest is None or found.sized is not None:
            return found
        return msgspec.structs.replace(found, fallback=self._largest)

    def _of(self, node: Node) -> Estimate:
        match node:
            case Literal(value):
                size = exactly(len(value)) if isinstance(value, str | bytes) else ONE
                return Estimate(cost=NOTHING, type=plain(_KINDS[type(value)]), size=size)
            case Name(name):
                return self._name(name)
            case Select():
                return self._select(node)
            case Call():
                return self._call(node)
            case ListOf(items):
                return self._list([self.of(one) for one in items])
            case MapOf(entries):
                return self._map([(self.of(key), self.of(value)) for key, value in entries])
            case Loop():
                return self._loop(node)

    def _name(self, name: str) -> Estimate:
        if made := self._names.get(name):
            known = made[-1]
            return Estimate(cost=ONE, type=known.type, place=known.place, fallback=known.size, entries=known.entries)
        known_type = self._variables.get(name, self._root)
        return Estimate(cost=ONE, type=known_type, place=known_type)

    def _select(self, node: Select) -> Estimate:
        operand = self.of(node.operand)
        if node.is_test:
            return Estimate(cost=operand.cost, type=plain(BOOL))  # a presence test is free
        cost = operand.cost.plus(ONE) if operand.type.kind in (MAP, OBJECT) else operand.cost
        return Estimate(cost=cost, type=operand.type.field(node.field), place=self._below(operand, node.field))

    def _below(self, operand: Estimate, field: str) -> Declared:
        """The place of a field. A field of a value without a place is looked up in the root."""
        if operand.place is None:
            return self._root
        return operand.place.fields.get(field, ABSENT if operand.place.is_whole else ANY)

    def _items(self, operand: Estimate) -> Declared:
        return self._root if operand.place is None else operand.place.items or ANY

    def _call(self, node: Call) -> Estimate:
        arguments = [self.of(one) for one in node.arguments]
        if node.function == "dyn" and arguments:
            return msgspec.structs.replace(arguments[0], cost=arguments[0].cost.plus(ONE), type=ANY)
        target = None if node.target is None else self.of(node.target)
        cost, size = cost_of_call(node.function, target, arguments)
        if target is not None:
            cost = cost.plus(target.cost)
        if node.function in ("_[_]", "_[?_]"):
            return self._item(arguments[0], cost)
        return result_of_call(node.function, target, arguments, cost, size)

    def _item(self, container: Estimate, cost: Range) -> Estimate:
        size = None if container.entries is None else container.entries.values
        return Estimate(cost=cost, type=container.type.items or ANY, place=self._items(container), size=size)

    @staticmethod
    def _list(items: list[Estimate]) -> Estimate:
        cost, size, type_ = _NEW_LIST, NOTHING if not items else items[0].known_size, ANY
        for one in items:
            cost, size, type_ = cost.plus(one.cost), size.union(one.known_size), one.type
        made = plain(LIST, type_)
        return Estimate(cost=cost, type=made, size=exactly(len(items)), entries=Entries(LIST, ONE, size))

    @staticmethod
    def _map(entries: list[tuple[Estimate, Estimate]]) -> Estimate:
        cost, type_ = _NEW_MAP, ANY
        keys = values = NOTHING
        if entries:
            keys, values = (one.known_size for one in entries[0])
        for key, value in entries:
            cost, type_ = cost.plus(key.cost).plus(value.cost), value.type
            keys, values = keys.union(key.known_size), values.union(value.known_size)
        made = plain(MAP, type_)
        return Estimate(cost=cost, type=made, size=exactly(len(entries)), entries=Entries(MAP, keys, values))

    def _loop(self, node: Loop) -> Estimate:
        over, first = self.of(node.over), self.of(node.first_result)
        result = _Variable(first.type, first.place, first.sized, first.entries)
        made = self._loop_names(node, over)
        self._push(node.result_name, result)
        for name, variable in made.items():
            self._push(name, variable)
        condition, step = self.of(node.condition), self.of(node.step)
        for name in made:
            self._names[name].pop()
        result.type = step.type
        end = self.of(node.result)
        self._names[node.result_name].pop()
        times = over.known_size
        cost = over.cost.plus(first.cost).plus(end.cost).plus(times.times(condition.cost.plus(step.cost)))
        if isinstance(node.first_result, ListOf | MapOf):
            return Estimate(cost=cost, type=end.type, size=times, entries=step.entries)
        size = first.sized if isinstance(node.first_result, Literal) else None
        return Estimate(cost=cost, type=end.type, size=size)

    def _loop_names(self, node: Loop, over: Estimate) -> dict[str, _Variable]:
        """The variables of a loop: the items of a list, the keys of a map, or keys and values."""
        entries = over.entries
        is_list = (over.type.kind if entries is None else entries.kind) == LIST
        sizes = (None, None) if entries is None else (entries.keys, entries.values)
        values = _Variable(over.type.items or ANY, self._items(over), sizes[1])
        keys = _Variable(plain(INT) if is_list else plain(STRING), self._keys(over, is_list=is_list), sizes[0])
        if node.second:
            return {node.variable: keys, node.second: values}
        return {node.variable: values if is_list else keys}

    def _keys(self, over: Estimate, *, is_list: bool) -> Declared:
        if over.place is None:
            return self._root
        return plain(STRING) if over.place.kind == MAP and not is_list else ANY

    def _push(self, name: str, variable: _Variable) -> None:
        self._names.setdefault(name, []).append(variable)
