"""The static types of validation rules."""

import pytest

from kubeactors.apimachinery.structural import Structural
from kubeactors.apimachinery.structural.typecheck import mistyped

pytest.importorskip("cel_expr_python")

SCHEMA = Structural(
    {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "size": {"type": "integer"},
            "ratio": {"type": "number"},
            "maybe": {"type": "string", "nullable": True},
            "port": {"x-kubernetes-int-or-string": True},
            "when": {"type": "string", "format": "date-time"},
            "tags": {"type": "array", "items": {"type": "string"}},
            "weights": {"type": "object", "additionalProperties": {"type": "integer"}},
            "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
            "parts": {"type": "array", "items": {"type": "object", "properties": {"id": {"type": "string"}}}},
            "deep": {"type": "object", "properties": {"namespace": {"type": "boolean"}}},
        },
    }
)


@pytest.mark.parametrize(
    "rule",
    [
        "self.name == 'a' && self.size > 1.5 && self.ratio >= 1",
        "self.name.size() > self.size",
        "has(self.name) && has(self.deep.__namespace__)",
        "self.maybe == null",
        "self.port == 80 || self.port == 'http'",
        "timestamp(self.when) < timestamp('2026-01-01T00:00:00Z')",
        "self.tags.all(tag, tag.startsWith('x')) && 'y' in self.tags",
        "self.weights['a'] == 1 && self.weights.all(key, self.weights[key] > 1)",
        "self.free.anything == 1 || self.free == 'x'",
        "self.parts.all(part, part.id == 'a')",
        "self.deep.__namespace__",
        "self.size == oldSelf.size",
        "'self.name == 1' == self.name",
    ],
)
def test_a_rule_of_the_right_types_compiles(rule: str) -> None:
    assert mistyped(rule, SCHEMA) == ""


@pytest.mark.parametrize(
    ("rule", "column", "why"),
    [
        ("self.name == 1", 11, "found no matching overload for '_==_' applied to '(string, int)'"),
        ("self.size == 'a'", 11, "found no matching overload for '_==_' applied to '(int, string)'"),
        ("has(self.size) && self.name", 16, "found no matching overload for '_&&_' applied to '(bool, string)'"),
        ("self.name.first == 'a'", 10, "type 'string' does not support field selection"),
        ("self.tags == 'a'", 11, "found no matching overload for '_==_' applied to '(list(string), string)'"),
        ("self.tags.all(tag, tag > 1)", 24, "found no matching overload for '_>_' applied to '(string, int)'"),
        ("self.weights['a'] == 'b'", 19, "found no matching overload for '_==_' applied to '(int, string)'"),
        ("self.deep.__namespace__ == 'a'", 25, "found no matching overload for '_==_' applied to '(bool, string)'"),
        ("oldSelf.name == 1", 14, "found no matching overload for '_==_' applied to '(string, int)'"),
    ],
)
def test_a_rule_of_wrong_types_does_not(rule: str, column: int, why: str) -> None:
    assert mistyped(rule, SCHEMA) == f"ERROR: <input>:1:{column}: {why}\n | {rule}\n | {'.' * (column - 1)}^"


def test_an_old_value_that_is_optional_has_no_type() -> None:
    assert (
        mistyped("oldSelf.hasValue() ? oldSelf.value().name == 'a' : self.name == 'b'", SCHEMA, optional_old=True) == ""
    )
    size = Structural({"type": "integer"})
    assert mistyped("self >= oldSelf.orValue(0)", size, optional_old=True) == ""
    assert mistyped("self == 'a'", size, optional_old=True).startswith("ERROR: <input>:1:6: found no matching overload")
