"""Validation rules in CEL: conditions on values and their transitions.

Rules are compiled once. Times are strings in them (`timestamp(self.when)`): the library has no times within maps.

Source: apiextensions-apiserver/pkg/apiserver/schema/cel/validation.go (v1.36).
"""

import re
from collections.abc import Iterator, Mapping
from typing import cast

from kubeactors.apimachinery.cel import CelError, Program, compile_program
from kubeactors.apimachinery.cel.budget import BUDGET_EXCEEDED, CALL_EXCEEDED, Budget
from kubeactors.apimachinery.field import (
    DUPLICATE,
    FORBIDDEN,
    INVALID,
    REQUIRED,
    FieldError,
    shown,
)
from kubeactors.apimachinery.structural.node import Raw, Structural
from kubeactors.apimachinery.structural.selfcheck import escaped
from kubeactors.apimachinery.structural.values import NIL

_OLD_SELF = re.compile(r"(?<![\w.])oldSelf\b")
_PREFIXES = {
    INVALID: "Invalid value",
    FORBIDDEN: "Forbidden",
    REQUIRED: "Required value",
    DUPLICATE: "Duplicate value",
}


class Rule:
    """A compiled rule."""

    def __init__(self, raw: Raw) -> None:
        self.text: str = str(raw.get("rule") or "")
        self.message: str = str(raw.get("message") or "").strip()
        self.reason: str = str(raw.get("reason") or INVALID)
        self.field_path: str = str(raw.get("fieldPath") or "")
        self.of_changes: bool = _OLD_SELF.search(self.text) is not None
        self.optional: bool = raw.get("optionalOldSelf") is True
        self._raw = raw
        self._program: Program | None = None
        self._said: Program | None = None

    @property
    def program(self) -> Program:
        """The condition.

        Raises:
            CelError: it does not compile.
        """
        if self._program is None:
            self._program = compile_program(self.text, ("self", "oldSelf"), "bool")
        return self._program

    def compile(self) -> None:
        """Check that it compiles.

        Raises:
            CelError: it does not.
        """
        _ = self.program

    def told(self, variables: Mapping[str, object]) -> str:
        """The message of a violation."""
        expression = str(self._raw.get("messageExpression") or "").strip()
        if expression:
            try:
                if self._said is None:
                    self._said = compile_program(expression, ("self", "oldSelf"), "string")
                said = self._said.evaluate(variables)
                if isinstance(said, str) and said.strip() and "\n" not in said:
                    return said
            except CelError:
                pass  # fall back to the static message
        return self.message or f"failed rule: {self.text.strip()}"


class Rules:
    """The rules of a schema node, and of the nodes below."""

    def __init__(self, schema: Structural, *, root: bool = True) -> None:
        self._schema = schema
        self._root = root
        self._own = tuple(Rule(raw) for raw in schema.rules)
        self._properties = _within(schema.properties)
        self._items = None if schema.items is None else _or_none(schema.items)
        more = schema.additional
        self._additional = _or_none(more) if isinstance(more, Structural) else None

    @property
    def any(self) -> bool:
        """Whether there are any."""
        return bool(self._own or self._properties or self._items or self._additional)

    def errors(self, value: object, old: object, path: str = "", budget: Budget | None = None) -> Iterator[FieldError]:
        """The violations by a value, and by its transition from `old`; None if it is new.

        `budget`: the remaining cost budget; by default that of one request.
        """
        if value is None:
            return
        budget = budget or Budget()
        yield from self._of_this(value, old, path, budget)
        if isinstance(value, Mapping):
            yield from self._of_members(cast("Mapping[str, object]", value), old, path, budget)
        elif isinstance(value, list) and self._items is not None:
            known = _by_key(old, self._schema)
            for i, one in enumerate(cast("list[object]", value)):
                before = known.get(_key(one, self._schema))
                yield from self._items.errors(one, before, f"{path}[{i}]", budget)

    def _of_members(self, value: Mapping[str, object], old: object, path: str, budget: Budget) -> Iterator[FieldError]:
        before: Mapping[str, object] = cast("Mapping[str, object]", old) if isinstance(old, Mapping) else {}
        for name, one in value.items():
            named = name in self._schema.properties
            rules = self._properties.get(name) if named else self._additional
            if rules is not None:
                at = (f"{path}.{name}" if path else name) if named else f"{path}[{name}]"
                yield from rules.errors(one, before.get(name), at, budget)

    def _of_this(self, value: object, old: object, path: str, budget: Budget) -> Iterator[FieldError]:
        if not self._own:
            return
        now, was = _seen(value, self._schema), _seen(old, self._schema)
        for rule in self._own:
            if rule.of_changes and old is None and not rule.optional:
                continue
            if old is not None and not rule.of_changes and now == was:
                continue  # ratcheting: the unchanged value was accepted before
            variables = {"self": now, "oldSelf": was}
            try:
                budget.charge(rule.program, variables)
                if rule.program.holds(variables):
                    continue
            except CelError as error:
                said = _failed(error, rule.message or rule.text)
                yield FieldError(path or NIL, INVALID, f"Invalid value: {shown(self._schema.type)}: {said}")
                if str(error) in (CALL_EXCEEDED, BUDGET_EXCEEDED):
                    return
                continue
            yield self._broken(rule, value, rule.told(variables), path)

    def _broken(self, rule: Rule, value: object, said: str, path: str) -> FieldError:
        at = (path + rule.field_path).removeprefix(".")
        structured = self._schema.type in ("object", "array")
        valued = rule.reason in (INVALID, DUPLICATE) and not structured
        prefix = _PREFIXES[rule.reason]
        parts = [prefix, *([shown(value)] if valued else []), *([] if rule.reason == DUPLICATE else [said])]
        return FieldError(at or NIL, rule.reason, ": ".join(parts))


def _failed(error: CelError, rule: str) -> str:
    """The message of a rule that could not be evaluated."""
    said = str(error)
    if said == BUDGET_EXCEEDED:
        return said
    if said == CALL_EXCEEDED:
        return f"'{said}': no further validation rules will be run due to call cost exceeds limit for rule: {rule}"
    if said.startswith("no such overload"):
        return (
            f"'{said}': call arguments did not match a supported operator, function or macro signature for rule: {rule}"
        )
    return f"{said} evaluating rule: {rule}"


def _within(properties: Mapping[str, Structural]) -> dict[str, Rules]:
    found = {name: Rules(one, root=one.embedded) for name, one in properties.items()}
    return {name: one for name, one in found.items() if one.any}


def _or_none(schema: Structural) -> Rules | None:
    found = Rules(schema, root=schema.embedded)
    return found if found.any else None


def _key(item: object, schema: Structural) -> tuple[str, ...]:
    """The key of an item in a list that is a map."""
    if schema.list_type != "map" or not isinstance(item, Mapping):
        return ("",)
    found = cast("Mapping[str, object]", item)
    return tuple(shown(found.get(key)) for key in schema.map_keys)


def _by_key(old: object, schema: Structural) -> dict[tuple[str, ...], object]:
    """Old items by key; empty if the list's items have no keys."""
    if schema.list_type != "map" or not isinstance(old, list):
        return {}
    return {_key(one, schema): one for one in cast("list[object]", old)}


def _seen(value: object, schema: Structural | None) -> object:
    """A value as rules see it: with escaped field names."""
    if schema is None:
        return value
    if isinstance(value, Mapping):
        members = cast("Mapping[str, object]", value)
        if not schema.properties and not isinstance(schema.additional, Structural):
            return dict(members)
        return {
            (escaped(name) or name if name in schema.properties else name): _seen(one, schema.child(name))
            for name, one in members.items()
        }
    if isinstance(value, list):
        return [_seen(one, schema.items) for one in cast("list[object]", value)]
    return value
