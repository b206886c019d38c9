"""Validation of CEL rules: they compile, use existing fields, and stay within the cost limits.

Source: apiextensions-apiserver/pkg/apis/apiextensions/validation/{validation,cel_validation}.go (v1.36).
"""

from collections.abc import Iterator

from kubeactors.apimachinery.cel import CelError, Program, compile_program
from kubeactors.apimachinery.cel.sizes import MOST, Declared
from kubeactors.apimachinery.field import FieldError, forbidden, invalid
from kubeactors.apimachinery.structural import Structural
from kubeactors.apimachinery.structural.costs import RULE_LIMIT, SCHEMA_LIMIT, Bounds, cost_of, declared, too_dear
from kubeactors.apimachinery.structural.node import Raw
from kubeactors.apimachinery.structural.rules import Rule
from kubeactors.apimachinery.structural.selfcheck import unknown_field
from kubeactors.apimachinery.structural.typecheck import mistyped

RULES = "x-kubernetes-validations"

_BLAMED = 4
"""The number of most expensive rules to name when the total cost is too high."""
_IN_ALL = "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema"
_PART = "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema"


def validate_rules(schema: Structural, path: str) -> Iterator[FieldError]:
    """All rules of a schema."""
    costs = _Costs()
    yield from _within(schema, path, Bounds(), costs, root=True)
    if costs.total > SCHEMA_LIMIT:
        for at in costs.dearest():
            yield forbidden(at, _PART)
        yield forbidden(path, too_dear(_IN_ALL, costs.total, SCHEMA_LIMIT))


class _Costs:
    """The total cost of rules, and those that cost at least a hundredth of the limit."""

    def __init__(self) -> None:
        self.total: int = 0
        self._large: list[tuple[int, str]] = []

    def add(self, path: str, cost: int) -> None:
        self.total = min(self.total + cost, MOST)
        if cost >= SCHEMA_LIMIT // 100:
            self._large.append((cost, path))

    def dearest(self) -> list[str]:
        return [path for _, path in sorted(self._large, key=lambda one: -one[0])[:_BLAMED]]


def _within(schema: Structural, path: str, bounds: Bounds, costs: _Costs, *, root: bool) -> Iterator[FieldError]:
    if schema.rules:
        known = declared(schema, root=root)
        for i, raw in enumerate(schema.rules):
            yield from _rule(raw, schema, f"{path}.{RULES}[{i}]", known, bounds, costs, root=root)
    for name, one in schema.properties.items():
        yield from _within(one, f"{path}.properties[{name}]", bounds, costs, root=one.embedded)
    more = bounds.within(schema)
    if schema.items is not None:
        yield from _within(schema.items, f"{path}.items", more, costs, root=schema.items.embedded)
    if isinstance(schema.additional, Structural):
        at = f"{path}.additionalProperties"
        yield from _within(schema.additional, at, more, costs, root=schema.additional.embedded)


def _rule(  # noqa: PLR0913, PLR0917 -- what a rule is, where it is, and what is known there
    raw: Raw, schema: Structural, path: str, known: Declared, bounds: Bounds, costs: _Costs, *, root: bool
) -> Iterator[FieldError]:
    rule = Rule(raw)
    try:
        program = rule.program
    except CelError as error:
        yield invalid(f"{path}.rule", raw, str(error))
        return
    wrong = unknown_field(rule.text, schema, root=root) or mistyped(rule.text, schema, optional_old=rule.optional)
    if wrong:
        yield invalid(f"{path}.rule", raw, f"compilation failed: {wrong}")
    else:
        cost = bounds.cost(cost_of(program, known), known)
        yield from _priced(f"{path}.rule", "estimated rule cost", cost, costs)
    expression = str(raw.get("messageExpression") or "").strip()
    if expression:
        yield from _message(expression, raw, path, known, costs)
    if rule.optional and not rule.of_changes:
        yield invalid(f"{path}.optionalOldSelf", True, "may not be set if oldSelf is not used in rule")


def _message(expression: str, raw: Raw, path: str, known: Declared, costs: _Costs) -> Iterator[FieldError]:
    try:
        program: Program = compile_program(expression, ("self", "oldSelf"), "string")
    except CelError as error:
        yield invalid(f"{path}.messageExpression", raw, f"messageExpression {error}")
        return
    yield from _priced(f"{path}.messageExpression", "estimated messageExpression cost", cost_of(program, known), costs)


def _priced(path: str, what: str, cost: int, costs: _Costs) -> Iterator[FieldError]:
    if cost > RULE_LIMIT:
        yield forbidden(path, too_dear(what, cost, RULE_LIMIT))
    costs.add(path, cost)
