"""Rules for definitions of kinds."""

from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from kubeactors.api.apiextensions.v1.customresourcedefinition import (
    CustomResourceDefinition,
    CustomResourceDefinitionSpec,
    CustomResourceDefinitionVersion,
    CustomResourceSubresources,
    CustomResourceSubresourceScale,
    CustomResourceSubresourceStatus,
    CustomResourceValidation,
    SelectableField,
)
from kubeactors.api.apiextensions.v1.defaults import default_definition
from kubeactors.api.apiextensions.v1.validation import validate_definition
from kubeactors.apimachinery.serializer import from_builtins

SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {
        "metadata": {"type": "object", "properties": {"name": {"type": "string"}}},
        "spec": {
            "type": "object",
            "properties": {"a": {"type": "string"}, "l": {"type": "array", "items": {"type": "string"}}},
        },
    },
}


def definition(conversion: Mapping[str, object] | None = None, **names: object) -> CustomResourceDefinition:
    spec = {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"plural": "things", "kind": "Thing", **names},
        "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": SCHEMA}}],
        "conversion": conversion,
    }
    document = {"metadata": {"name": "things.example.com"}, "spec": spec, "status": {"storedVersions": ["v1"]}}
    return default_definition(from_builtins(document, CustomResourceDefinition).object)


def complaints(crd: CustomResourceDefinition) -> list[str]:
    return [str(one) for one in validate_definition(crd)]


def about(**fields: object) -> list[str]:
    """What is said about a version with these fields."""
    crd = definition()
    versions = tuple(replace(one, **fields) for one in crd.spec.versions or ())
    spec: CustomResourceDefinitionSpec = replace(crd.spec, versions=versions)
    return complaints(replace(crd, spec=spec))


def test_a_version_has_a_schema() -> None:
    assert about(schema=None) == ["spec.versions[0].schema.openAPIV3Schema: Required value"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"deprecation_warning": ""}, '"": can only be set for deprecated versions'),
        ({"deprecated": True, "deprecation_warning": ""}, '"": must not be an empty string'),
        (
            {"deprecated": True, "deprecation_warning": "é\n"},
            '"é\\n": must only contain printable UTF-8 characters; non-printable character found at index 2',
        ),
    ],
)
def test_a_warning_of_a_deprecated_version_is_printable(fields: dict[str, object], message: str) -> None:
    assert about(**fields) == [f"spec.versions[0].deprecationWarning: Invalid value: {message}"]


def test_paths_of_replicas_are_simple() -> None:
    def scale(spec: str, status: str, label: str | None = None) -> list[str]:
        paths = CustomResourceSubresourceScale(
            spec_replicas_path=spec, status_replicas_path=status, label_selector_path=label
        )
        return [
            one.removeprefix("spec.subresources.scale.")
            for one in about(subresources=CustomResourceSubresources(scale=paths))
        ]

    assert scale(".spec.a", ".status.n[a]", "") == []
    assert scale("", "") == ["specReplicasPath: Required value", "statusReplicasPath: Required value"]
    assert scale("spec.a", ".spec.n", ".metadata.x") == [
        'specReplicasPath: Invalid value: "spec.a": must be a simple json path starting with .',
        'statusReplicasPath: Invalid value: ".spec.n": should be a json path under .status',
        'labelSelectorPath: Invalid value: ".metadata.x": should be a json path under either .spec or .status',
    ]
    assert scale(".spec.a", ".status.n", "status.l") == [
        'labelSelectorPath: Invalid value: "status.l": must be a simple json path starting with .'
    ]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("spec.a", "is an invalid path: expected [ or . but got: spec"),
        (".spec['a']", "is an invalid path: array notation is not allowed"),
        (".spec.", "is an invalid path: unexpected end of JSON path"),
        (".spec.none", "is an invalid path: does not refer to a valid field"),
        (".metadata.name", "must not point to fields in metadata"),
    ],
)
def test_a_selectable_field_exists(path: str, message: str) -> None:
    at = "spec.selectableFields[0].jsonPath"
    assert about(selectable_fields=(SelectableField(json_path=path),)) == [f'{at}: Invalid value: "{path}": {message}']


def test_the_same_selectable_field_counts_once() -> None:
    found = about(selectable_fields=(SelectableField(json_path=".spec.a"),) * 9)
    assert len(found) == 8
    assert all("Duplicate value" in one for one in found)


def test_a_schema_beside_a_status_has_nothing_that_concerns_the_status() -> None:
    def beside(**keywords: object) -> list[str]:
        status = CustomResourceSubresources(status=CustomResourceSubresourceStatus())
        schema = CustomResourceValidation(open_api_v3_schema={**SCHEMA, **keywords})
        crd = definition()
        plain = CustomResourceDefinitionVersion(name="v1", served=True, storage=True, schema=schema)
        assert not complaints(replace(crd, spec=replace(crd.spec, versions=(plain,))))
        return about(schema=schema, subresources=status)

    assert not beside(description="d")
    (complaint,) = beside(anyOf=[{"required": ["spec"]}])
    assert complaint.startswith("spec.validation.openAPIV3Schema: Invalid value: ")
    assert "only [Description Type Format " in complaint
    assert complaint.endswith("fields are allowed at the root of the schema if the status subresource is enabled")


def test_names_are_judged_in_order() -> None:
    found = complaints(definition(shortNames=["A"], listKind="Thing", categories=["B"]))
    assert [one.split(":")[0] for one in found] == [
        "spec.names.shortNames[0]",
        "spec.names.listKind",
        "spec.names.categories[0]",
    ]


def test_a_webhook_understands_a_known_version() -> None:
    def webhook(*versions: str, strategy: str = "Webhook") -> list[str]:
        config = {"url": "https://example.com/convert"} if strategy == "Webhook" else None
        hook = {"clientConfig": config, "conversionReviewVersions": [*versions]}
        found = complaints(definition({"strategy": strategy, "webhook": hook}))
        return [one.removeprefix("spec.conversion.conversionReviewVersions") for one in found]

    assert webhook("v1", "v2") == []
    assert webhook() == [": Required value"]
    assert webhook("v1", "v1") == ['[1]: Invalid value: "v1": duplicate version']
    assert webhook("v2") == [': Invalid value: ["v2"]: must include at least one of v1, v1beta1']
    assert webhook("v1", strategy="None") == [": Forbidden: should not be set when strategy is not set to Webhook"]
