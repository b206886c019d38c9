"""Objects of kinds that are known at run time only."""

import pytest

from kubeactors.apimachinery import serializer, unstructured
from kubeactors.apimachinery.findings import DecodeError
from kubeactors.apimachinery.meta import HasMeta, ObjectMeta
from kubeactors.apimachinery.unstructured import Unstructured

TEXT = b'{"kind":"Thing","apiVersion":"a.io/v1","metadata":{"name":"a","labels":{"k":"v"}},"spec":{"size":3}}'


def test_an_object_is_decoded_and_encoded_unchanged() -> None:
    thing, strict_errors = unstructured.decode(TEXT)
    assert strict_errors == ()
    assert isinstance(thing, HasMeta)
    assert (thing.api_version, thing.kind) == ("a.io/v1", "Thing")
    assert thing.metadata == ObjectMeta(name="a", labels={"k": "v"})
    assert thing.at("spec", "size") == 3
    assert thing.at("spec", "size", "unit") is None
    assert serializer.encode(thing) == TEXT
    assert serializer.encode_item(thing) == TEXT


def test_a_changed_object_is_a_new_one() -> None:
    thing, _ = unstructured.decode(TEXT)
    renamed = thing.with_metadata(ObjectMeta(name="b")).with_field("status", {"ready": True}).with_field("spec", None)
    assert serializer.encode(thing) == TEXT
    assert renamed.content == {
        "kind": "Thing",
        "apiVersion": "a.io/v1",
        "metadata": {"name": "b"},
        "status": {"ready": True},
    }
    assert renamed.metadata == ObjectMeta(name="b")
    assert renamed != thing
    assert isinstance(renamed, Unstructured)
    assert renamed == unstructured.of(renamed.content)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"[]", "json: cannot unmarshal array into Go value of type map[string]interface {}"),
        (b'{"spec":{}}', "Object 'Kind' is missing in '{\"spec\":{}}'"),
        (b"{", "unexpected end of JSON input"),
        (
            b'{"kind":"Thing","metadata":{"labels":{"k":1}}}',
            "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string",
        ),
    ],
)
def test_a_malformed_object_is_rejected(text: bytes, message: str) -> None:
    with pytest.raises(DecodeError) as caught:
        unstructured.decode(text)
    assert str(caught.value) == message


def test_duplicate_fields_are_reported() -> None:
    found, strict_errors = unstructured.decode(b'{"kind":"Thing","spec":[{"a":1,"a":2}]}')
    assert found.at("spec") == [{"a": 2}]
    assert strict_errors == ('duplicate field "spec[0].a"',)
