"""The cost of rules equals Kubernetes'.

Source of the numbers: apiextensions-apiserver/pkg/apiserver/schema/cel/compilation_test.go, TestCostEstimation (v1.36).
"""

import pytest

from kubeactors.apimachinery.cel import compile_program
from kubeactors.apimachinery.structural import Structural
from kubeactors.apimachinery.structural.costs import Bounds, cost_of, declared, too_dear
from kubeactors.apimachinery.structural.node import Raw


def a_list(item: Raw, most: int | None) -> Raw:
    return {"type": "array", "items": item} | ({} if most is None else {"maxItems": most})


def a_map(value: Raw, most: int | None) -> Raw:
    return {"type": "object", "additionalProperties": value} | ({} if most is None else {"maxProperties": most})


def a_text(most: int | None, form: str = "") -> Raw:
    return {"type": "string", "format": form} | ({} if most is None else {"maxLength": most})


def one_of(kind: str) -> Raw:
    if kind in ("duration", "date", "date-time"):
        return {"type": "string", "format": kind}
    return {"x-kubernetes-int-or-string": True} if kind == "int-or-string" else {"type": kind}


OBJECT: Raw = {
    "type": "object",
    "properties": {"required": {"type": "string"}, "optional": {"type": "string"}},
    "required": ["required"],
}
ALL = "self.all(x, true)"


def cost(rule: str, schema: Raw) -> int:
    return cost_of(compile_program(rule, ("self", "oldSelf"), "bool"), declared(Structural(schema)))


@pytest.mark.parametrize(
    ("kind", "rule", "unbounded", "most", "bounded"),
    [
        ("number", ALL, 4718591, 10, 32),
        ("string", ALL, 3145727, 20, 62),
        ("boolean", ALL, 1887437, 5, 17),
        ("int-or-string", ALL, 4718591, 10, 32),
        ("duration", ALL, 2359295, 5, 17),
        ("date", ALL, 725936, 15, 47),
        ("date-time", ALL, 428963, 25, 77),
        ("number", "self[1] == 0.0", 2, 5000, 2),
        ("number", "self.all(x, x == 0.0)", 6291454, 3 * 1024 * 2048, 25165826),
        ("boolean", "self[0] == false", 2, 25, 2),
        ("duration", "self[0].getHours() == 2", 4, 525, 4),
        ("date-time", "self[2].getMinutes() == 45", 4, 99, 4),
        ("string", "self[1] == self[1]", 314577, 8, 314577),
        ("int-or-string", "self[0] == 5", 3, 10, 3),
    ],
)
def test_unbounded_lists_cost_what_fits_into_a_request(
    kind: str, rule: str, unbounded: int, most: int, bounded: int
) -> None:
    found = (cost(rule, a_list(one_of(kind), None)), cost(rule, a_list(one_of(kind), most)))
    assert found == (unbounded, bounded)


@pytest.mark.parametrize(
    ("kind", "rule", "unbounded", "most", "bounded"),
    [
        ("number", ALL, 1348169, 10, 32),
        ("string", ALL, 1179647, 3, 11),
        ("boolean", ALL, 943718, 100, 302),
        ("duration", ALL, 1048577, 5, 17),
        ("date", ALL, 524288, 10, 32),
        ("integer", "oldSelf.size() == self.size()", 5, 10, 5),
        ("date-time", "self['a'] == self['b']", 8, 7, 8),
        ("number", "self['x'] == 0.0", 2, 0, 2),
    ],
)
def test_unbounded_maps_cost_what_fits_into_a_request(
    kind: str, rule: str, unbounded: int, most: int, bounded: int
) -> None:
    found = (cost(rule, a_map(one_of(kind), None)), cost(rule, a_map(one_of(kind), most)))
    assert found == (unbounded, bounded)


@pytest.mark.parametrize(
    ("rule", "unbounded", "most", "bounded"),
    [
        ("self.contains('test')", 314574, 10, 5),
        ("self.startsWith('test')", 2, 15, 2),
        ("size(self + 'hello') > size('hello')", 314578, 4, 7),
        ("self.matches('x')", 314574, 50, 22),
        ("''.matches('(((((((((())))))))))[0-9]')", 7, 10, 7),
        ("self.matches('')", 1, 100, 1),
        ("self == 'x'", 2, 0, 1),
        ("self.find('[0-9]+') == ''", 629147, 10, 11),
        ("self.lowerAscii() == 'lower!'", 314575, 10, 6),
    ],
)
def test_strings_cost_by_their_length(rule: str, unbounded: int, most: int, bounded: int) -> None:
    assert (cost(rule, a_text(None)), cost(rule, a_text(most))) == (unbounded, bounded)


def test_nested_loops_multiply() -> None:
    numbers = a_list(one_of("number"), 10)
    assert cost("self.all(x, self.all(y, true))", numbers) == 352
    assert cost("self.all(x, self.all(y, self.all(z, true)))", numbers) == 3552
    assert cost("self.all(x, self.all(y, true))", a_list(one_of("number"), None)) > 10**12


def test_nested_values_cost_by_their_own_sizes() -> None:
    assert cost(ALL, a_list(OBJECT, None)) == 555128
    assert cost(ALL, a_map(a_map(one_of("number"), None), None)) == 1179647
    assert cost("self[0][0] == -1.0", a_list(a_list(one_of("number"), None), None)) == 3
    assert cost("self.all(x, x.y == 25.2)", a_list(a_map(one_of("number"), 12), 12)) == 74
    assert cost("self.all(x, x.contains(self[x]))", a_map(a_text(10), 10)) == 72
    assert cost("self.join(' ') == 'aa bb'", a_list(a_text(None), None)) == 329853068905
    assert cost("self.isSorted() == true", a_list(a_text(10), 10)) == 52
    three = {"type": "object", "properties": {"str": a_text(4), "before": a_text(2), "after": a_text(4)}}
    assert cost("self.str.replace(self.before, self.after) == 'does not matter'", three) == 12
    values = {"type": "string", "enum": ["A", "B", "C", "LongValue"]}
    assert cost("self.contains('A')", values) == 2


def test_the_cost_of_a_rule_is_multiplied_by_its_occurrences() -> None:
    item = Structural(one_of("number"))
    outer, inner = Structural(a_list(one_of("number"), 7)), Structural(a_map(one_of("number"), 3))
    assert Bounds().within(outer).within(inner).cost(10, declared(item)) == 210
    unbounded = Bounds().within(Structural(a_list(one_of("number"), None)))
    assert unbounded.cost(10, declared(item)) == 10 * (3 * 1024 * 1024 // 2)


@pytest.mark.parametrize(
    ("cost", "factor"), [(10_000_001, "1.000000x"), (15_000_000, "1.5x"), (10**9, "100.0x"), (10**10, "more than 100x")]
)
def test_the_factor_in_the_error_is_rounded(cost: int, factor: str) -> None:
    assert too_dear("it", cost, 10_000_000).startswith(f"it exceeds budget by factor of {factor} (try ")
