"""Keywords of the schemas of definitions: those that nobody knows, and values of a wrong type."""

import pytest

from kubeactors.api.apiextensions.v1.customresourcedefinition import (
    CustomResourceDefinition,
    CustomResourceDefinitionSpec,
    CustomResourceDefinitionVersion,
    CustomResourceValidation,
)
from kubeactors.api.apiextensions.v1.defaults import default_definition
from kubeactors.api.apiextensions.v1.schema_shape import read_schema, tidy, unknown_keywords
from kubeactors.apimachinery.findings import DecodeError

_INTO = "json: cannot unmarshal"


def definition(schema: dict[str, object]) -> CustomResourceDefinition:
    plain = CustomResourceDefinitionVersion(name="v1")
    last = CustomResourceDefinitionVersion(name="v2", schema=CustomResourceValidation(open_api_v3_schema=schema))
    return CustomResourceDefinition(spec=CustomResourceDefinitionSpec(versions=(plain, last)))


def test_unknown_keywords_are_named_with_their_places() -> None:
    schema: dict[str, object] = {
        "type": "object",
        "x-kubernetes-foo": 1,
        "properties": {"a.b": {"type": "string", "readOnly": True}},
        "allOf": [{"maximun": 3}],
        "not": {"deprecated": True},
        "x-kubernetes-validations": [{"rule": "true", "msg": "no"}],
    }
    at = "spec.versions[1].schema.openAPIV3Schema"
    assert unknown_keywords(definition(schema)) == (
        f'unknown field "{at}.x-kubernetes-foo"',
        f'unknown field "{at}.properties.a.b.readOnly"',
        f'unknown field "{at}.allOf[0].maximun"',
        f'unknown field "{at}.not.deprecated"',
        f'unknown field "{at}.x-kubernetes-validations[0].msg"',
    )


@pytest.mark.parametrize("keyword", ["items", "additionalProperties", "additionalItems"])
def test_schemas_with_a_decoder_of_their_own_may_have_unknown_keywords(keyword: str) -> None:
    found = read_schema({keyword: {"type": "string", "foo": 1}})
    assert (found.strict_errors, found.wrong) == ((), "")


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"type": ["string", "null"]}, "array into Go struct field JSONSchemaProps.{}.type of type string"),
        ({"exclusiveMinimum": 0}, "number into Go struct field JSONSchemaProps.{}.exclusiveMinimum of type bool"),
        ({"maxLength": 1.5}, "number 1.5 into Go struct field JSONSchemaProps.{}.maxLength of type int64"),
        (
            {"properties": {"a": {"required": True}}},
            "bool into Go struct field JSONSchemaProps.{}.properties.required of type []string",
        ),
        (
            {"properties": ["a"]},
            "array into Go struct field JSONSchemaProps.{}.properties of type map[string]v1.JSONSchemaProps",
        ),
        (
            {"items": {"properties": {"a": {"type": 1}}}},
            "number into Go struct field JSONSchemaProps.{}.items of type string",
        ),
        (
            {"x-kubernetes-validations": [{"rule": True}]},
            "bool into Go struct field ValidationRule.{}.x-kubernetes-validations.rule of type string",
        ),
    ],
)
def test_a_value_of_a_wrong_type_cannot_be_decoded(schema: dict[str, object], message: str) -> None:
    with pytest.raises(DecodeError) as caught:
        unknown_keywords(definition(schema))
    assert str(caught.value) == f"{_INTO} {message.format('spec.versions.schema.openAPIV3Schema')}"


def test_additional_properties_are_a_schema_or_a_boolean() -> None:
    within: dict[str, object] = {"additionalProperties": "yes"}
    assert read_schema({"properties": {"a": within}}).wrong == "boolean or JSON schema expected"
    assert not read_schema(
        {"additionalProperties": False, "additionalItems": True, "items": [{"type": "string"}]}
    ).wrong


def test_large_limits_and_null_are_fine() -> None:
    found = read_schema({"maxLength": 2**40, "type": None, "properties": {"a": None}, "items": None})
    assert (found.wrong, found.strict_errors) == ("", ())


def test_definitions_lose_unknown_and_empty_keywords() -> None:
    schema: dict[str, object] = {
        "type": "object",
        "foo": 1,
        "description": "",
        "required": [],
        "properties": {
            "a": {"type": "array", "nullable": False, "items": {"type": "string", "bar": 1}},
            "b": None,
            "c": {"type": "integer", "minimum": 0, "default": 0, "x-kubernetes-preserve-unknown-fields": False},
        },
        "additionalProperties": False,
        "x-kubernetes-validations": [{"rule": "true", "msg": "no"}],
    }
    versions = default_definition(definition(schema)).spec.versions
    assert versions is not None
    assert versions[1].schema is not None
    assert versions[1].schema.open_api_v3_schema == {
        "type": "object",
        "properties": {
            "a": {"type": "array", "items": {"type": "string"}},
            "b": {},
            "c": {"type": "integer", "minimum": 0, "default": 0, "x-kubernetes-preserve-unknown-fields": False},
        },
        "additionalProperties": False,
        "x-kubernetes-validations": [{"rule": "true"}],
    }


def test_a_tidy_schema_stays_the_same_object() -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"type": "array", "items": {"type": "string"}}},
        "allOf": [{"title": "t"}],
    }
    assert tidy(schema) is schema
