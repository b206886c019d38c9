"""Structural schemas, keyword by keyword."""

import pytest

from kubeactors.apimachinery.structural import (
    Rules,
    Structural,
    ValueValidator,
    at_path,
    defaulted,
    ownership_of,
    pruned,
    validate_lists,
)

Raw = dict[str, object]
TEXT: Raw = {"type": "string"}
NUMBER: Raw = {"type": "integer"}


def an_object(**properties: Raw) -> Raw:
    return {"type": "object", "properties": properties}


def a_list(items: Raw, **more: object) -> Raw:
    return {
        "type": "array",
        "items": items,
        **{f"x-kubernetes-{key.replace('_', '-')}": one for key, one in more.items()},
    }


PRUNED: list[tuple[Raw, Raw, Raw, list[str]]] = [
    (an_object(a=TEXT), {"a": "x", "b": 1}, {"a": "x"}, ["b"]),
    (an_object(a=an_object(b=TEXT)), {"a": {"c": 1, "b": "x"}}, {"a": {"b": "x"}}, ["a.c"]),
    (an_object(a=a_list(an_object(b=TEXT))), {"a": [{"c": 1}, {}]}, {"a": [{}, {}]}, ["a[0].c"]),
    ({"type": "object", "x-kubernetes-preserve-unknown-fields": True}, {"z": {"y": 1}}, {"z": {"y": 1}}, []),
    (
        {**an_object(a=an_object(b=TEXT)), "x-kubernetes-preserve-unknown-fields": True},
        {"a": {"z": 1}, "y": 2},
        {"a": {}, "y": 2},
        ["a.z"],
    ),
    (
        an_object(a={"type": "object", "additionalProperties": an_object(b=TEXT)}),
        {"a": {"k": {"z": 1}}},
        {"a": {"k": {}}},
        ["a.k.z"],
    ),
]


@pytest.mark.parametrize(("schema", "value", "kept", "dropped"), PRUNED)
def test_unknown_fields_are_pruned(schema: Raw, value: Raw, kept: Raw, dropped: list[str]) -> None:
    assert pruned(value, Structural(schema)) == (kept, tuple(dropped))


FILLED: list[tuple[Raw, Raw, Raw]] = [
    (an_object(a={**NUMBER, "default": 3}), {}, {"a": 3}),
    (an_object(a={**NUMBER, "default": 3}), {"a": 0}, {"a": 0}),
    (an_object(a={**NUMBER, "default": 3}), {"a": None}, {"a": 3}),
    (an_object(a={**NUMBER, "default": 3, "nullable": True}), {"a": None}, {"a": None}),
    (an_object(a={**an_object(b={**NUMBER, "default": 3}), "default": {}}), {}, {"a": {"b": 3}}),
    (an_object(a=an_object(b={**NUMBER, "default": 3})), {}, {}),
    (an_object(a=a_list(an_object(b={**TEXT, "default": "x"}))), {"a": [{}]}, {"a": [{"b": "x"}]}),
]


@pytest.mark.parametrize(("schema", "value", "filled"), FILLED)
def test_defaults_are_applied(schema: Raw, value: Raw, filled: Raw) -> None:
    assert defaulted(value, Structural(schema)) == filled


def test_an_unchanged_object_is_returned_as_it_is() -> None:
    value = {"a": 1}
    assert pruned(value, Structural(an_object(a={**NUMBER, "default": 3})))[0] is value


@pytest.mark.parametrize(
    ("schema", "value", "errors"),
    [
        (an_object(a=TEXT), {"a": 1}, ['a: Invalid value: "integer": a in body must be of type string: "integer"']),
        ({**an_object(a=TEXT), "required": ["a"]}, {}, ["a: Required value"]),
        (
            an_object(a={**TEXT, "enum": ["x", "y"]}),
            {"a": "z"},
            ['a: Unsupported value: "z": supported values: "x", "y"'],
        ),
        (an_object(a={"x-kubernetes-int-or-string": True}), {"a": "80%"}, []),
        (an_object(a={"x-kubernetes-int-or-string": True}), {"a": 80}, []),
        (
            an_object(a={**TEXT, "pattern": "^a+$", "maxLength": 3}),
            {"a": "b"},
            ["a: Invalid value: \"b\": a in body should match '^a+$'"],
        ),
        (an_object(a={**TEXT, "pattern": "^((?i)mon|tues)day$"}), {"a": "TUESday"}, []),
        (an_object(a={**TEXT, "pattern": "^[[:alpha:]]+$"}), {"a": "abc"}, []),
        (
            an_object(a={**TEXT, "pattern": r"^\d$", "minLength": 1}),
            {"a": "\u0663"},
            ["a: Invalid value: \"\u0663\": a in body should match '^\\d$'"],
        ),
        (an_object(a={**TEXT, "nullable": True}), {"a": None}, []),
        (
            an_object(a={**NUMBER, "minimum": 2}),
            {"a": 1},
            ["a: Invalid value: 1: a in body should be greater than or equal to 2"],
        ),
        (an_object(a={"type": "integer"}), {"a": 2.0}, []),
        (
            an_object(a={**TEXT, "oneOf": [{"minLength": 2}, {"pattern": "^x"}, {"maxLength": 3}]}),
            {"a": "xy"},
            ['<nil>: Invalid value: "": "a" must validate one and only one schema (oneOf). Found 3 valid alternatives'],
        ),
        (
            an_object(a={**TEXT, "oneOf": [{"minLength": 3}, {"pattern": "^x"}, {"maxLength": 3}]}),
            {"a": "xy"},
            [
                '<nil>: Invalid value: "": "a" must validate one and only one schema (oneOf). Found 2 valid alternatives',
                'a: Invalid value: "xy": a in body should be at least 3 chars long',
            ],
        ),
        (
            an_object(a={**TEXT, "allOf": [{"minLength": 3}, {"pattern": "^x"}, {"maxLength": 3}]}),
            {"a": "yy"},
            [
                'a: Invalid value: "yy": a in body should be at least 3 chars long',
                "a: Invalid value: \"yy\": a in body should match '^x'",
                '<nil>: Invalid value: "": "a" must validate all the schemas (allOf)',
            ],
        ),
        (
            an_object(
                a=a_list({"type": "object", "allOf": [{"properties": {"b": {"maximum": 1}}}, {"required": ["c"]}]})
            ),
            {"a": [{"b": 2}]},
            [
                "a[0].b: Invalid value: 2: a[0].b in body should be less than or equal to 1",
                "a[0].c: Required value",
                '<nil>: Invalid value: "": "a[0]" must validate all the schemas (allOf). None validated',
            ],
        ),
    ],
)
def test_values_are_validated(schema: Raw, value: Raw, errors: list[str]) -> None:
    assert [str(one) for one in ValueValidator(schema).errors(value)] == errors


def test_unchanged_invalid_values_are_not_reported_again() -> None:
    validator = ValueValidator(an_object(a={**NUMBER, "maximum": 2}, b={**NUMBER, "maximum": 2}))
    found = validator.errors({"a": 3, "b": 4}, "", {"a": 3, "b": 3})
    assert [one.field for one in found] == ["b"]


@pytest.mark.parametrize(
    ("schema", "value", "fields"),
    [
        (an_object(a=a_list(TEXT, list_type="set")), {"a": ["x", "y", "x"]}, ["a[2]"]),
        (an_object(a=a_list(TEXT, list_type="set")), {"a": ["x", "y"]}, []),
        (
            an_object(a=a_list(an_object(k=TEXT), list_type="map", list_map_keys=["k"])),
            {"a": [{"k": "x"}, {"k": "x"}]},
            ["a[1]"],
        ),
        (an_object(a=a_list(TEXT)), {"a": ["x", "x"]}, []),
    ],
)
def test_sets_and_maps_in_lists_have_no_duplicates(schema: Raw, value: Raw, fields: list[str]) -> None:
    assert [one.field for one in validate_lists(value, Structural(schema))] == fields


def ruled(schema: Raw, *rules: Raw) -> Structural:
    return Structural({**schema, "x-kubernetes-validations": list(rules)})


@pytest.mark.parametrize(
    ("rule", "new", "old", "errors"),
    [
        ({"rule": "self.a > 1"}, {"a": 1}, None, ["<nil>: Invalid value: failed rule: self.a > 1"]),
        ({"rule": "self.a > 1", "message": "small"}, {"a": 1}, None, ["<nil>: Invalid value: small"]),
        (
            {"rule": "self.a > 1", "messageExpression": "'not ' + string(self.a)"},
            {"a": 1},
            None,
            ["<nil>: Invalid value: not 1"],
        ),
        (
            {"rule": "self.a > 1", "fieldPath": ".a", "reason": "FieldValueForbidden"},
            {"a": 1},
            None,
            ["a: Forbidden: failed rule: self.a > 1"],
        ),
        (
            {"rule": "self.a >= oldSelf.a"},
            {"a": 1},
            {"a": 2},
            ["<nil>: Invalid value: failed rule: self.a >= oldSelf.a"],
        ),
        ({"rule": "self.a >= oldSelf.a"}, {"a": 1}, None, []),
        ({"rule": "has(self.a)"}, {}, None, ["<nil>: Invalid value: failed rule: has(self.a)"]),
    ],
)
def test_rules_are_evaluated(rule: Raw, new: Raw, old: Raw | None, errors: list[str]) -> None:
    rules = Rules(ruled(an_object(a=NUMBER), rule))
    assert [str(one) for one in rules.errors(new, old)] == errors


def test_evaluation_stops_at_the_first_rule_beyond_the_budget() -> None:
    rules = Rules(
        ruled(
            an_object(a=a_list(NUMBER)),
            {"rule": "self.a.all(x, self.a.all(y, self.a.all(z, x + y + z >= 0)))"},
            {"rule": "size(self.a) > 5000"},
        )
    )
    (said,) = [str(one) for one in rules.errors({"a": [*range(1000)]}, None)]
    assert said.startswith(
        "<nil>: Invalid value: \"object\": 'operation cancelled: actual cost limit exceeded': no further validation rules "
        "will be run due to call cost exceeds limit for rule: self.a.all(x, "
    )


def test_rules_of_nested_values_report_their_path() -> None:
    member = {**an_object(n=NUMBER), "x-kubernetes-validations": [{"rule": "self.n > 1"}]}
    rules = Rules(Structural(an_object(a=a_list(member), b={"type": "object", "additionalProperties": member})))
    found = rules.errors({"a": [{"n": 2}, {"n": 1}], "b": {"k": {"n": 0}}}, None)
    assert [one.field for one in found] == ["a[1]", "b[k]"]


@pytest.mark.parametrize(
    ("path", "found"),
    [(".spec.size", 3), (".spec['size']", 3), (".spec.none", None), (".none.size", None)],
)
def test_values_at_paths(path: str, found: object) -> None:
    assert at_path({"spec": {"size": 3}}, path) == found


def test_items_of_list_maps_have_owners_of_their_own() -> None:
    schema = Structural(an_object(a=a_list(an_object(k=TEXT), list_type="map", list_map_keys=["k"])))
    assert ownership_of(schema) is not None
