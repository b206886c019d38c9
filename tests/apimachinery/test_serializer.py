"""Objects to JSON and back."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubeactors.apimachinery import serializer
from kubeactors.apimachinery.meta import ListMeta, ObjectMeta
from kubeactors.apimachinery.serializer import Decoded, DecodeError, TypeMeta
from kubeactors.apimachinery.status import NotFound, Status
from tests.apimachinery.things import Part, Port, Thing, ThingSpec


def read(spec: str) -> Decoded[Thing]:
    return serializer.decode(b'{"spec":%s}' % spec.encode(), Thing)


def refused(spec: str) -> str:
    with pytest.raises(DecodeError) as caught:
        read(spec)
    return str(caught.value)


def test_an_object_is_encoded_with_its_type_first_and_without_absent_fields() -> None:
    thing = Thing(metadata=ObjectMeta(name="a"), spec=ThingSpec(parts=(Part(name="p"), Part())))
    text = b'{"metadata":{"name":"a"},"spec":{"parts":[{"name":"p"},{"name":""}]}}'
    assert serializer.encode(thing) == b'{"kind":"Thing","apiVersion":"example.com/v1",' + text[1:]
    assert serializer.encode_item(thing) == text
    assert serializer.to_builtins(thing) == json.loads(serializer.encode(thing))


def test_type_strings_are_compared_by_value_in_encoding() -> None:
    other = serializer.type_of(b'{"kind":"Thing","apiVersion":"example.com/v1"}')
    thing = Thing(kind=other.kind, api_version=other.api_version)
    assert serializer.encode(thing) == serializer.encode(Thing())
    assert serializer.encode_item(thing) == serializer.encode_item(Thing())


def test_a_list_is_encoded_from_encoded_items() -> None:
    items = [serializer.encode_item(Thing()), serializer.encode_item(Thing())]
    text = serializer.encode_list("ThingList", "example.com/v1", ListMeta(continue_="x"), items)
    one = b'{"metadata":{},"spec":{}}'
    assert text == (
        b'{"kind":"ThingList","apiVersion":"example.com/v1","metadata":{"continue":"x"},"items":['
        + one
        + b","
        + one
        + b"]}"
    )


def test_a_status_is_encoded_kind_first() -> None:
    status = NotFound.saying("gone").status
    text = b'{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"gone","reason":"NotFound","code":404}'
    assert serializer.encode(status) == text
    assert serializer.decode(text, Status).object == status


def test_an_ordinary_document_is_decoded_unchanged() -> None:
    spec = '{"replicas":2,"surge":"25%","parts":[{"name":"p","limits":{"cpu":"100m"}}],"since":"2026-01-02T03:04:05Z"}'
    parts = (Part(name="p", limits={"cpu": "100m"}),)
    wanted = Thing(spec=ThingSpec(replicas=2, surge="25%", parts=parts, since="2026-01-02T03:04:05Z"))
    assert read(spec) == Decoded(wanted)


def test_null_is_the_zero_value() -> None:
    spec = (
        '{"replicas":null,"paused":null,"words":null,"parts":[null,{"name":null}],"selector":{"a":null},"since":null}'
    )
    assert read(spec) == Decoded(Thing(spec=ThingSpec(parts=(Part(), Part()), selector={"a": ""})))
    assert serializer.decode(b"null", Thing) == Decoded(Thing())


def test_unknown_and_duplicate_fields_are_reported_in_document_order() -> None:
    found = read(
        '{"x":{"y":1},"paused":true,"parts":[{"name":"a","nmae":"b","name":"c"}],"selector":{"k":"1","k":"2"},"paused":false}'
    )
    assert found.object == Thing(spec=ThingSpec(parts=(Part(name="c"),), selector={"k": "2"}))
    assert found.strict_errors == (
        'unknown field "spec.x"',
        'unknown field "spec.parts[0].nmae"',
        'duplicate field "spec.parts[0].name"',
        'duplicate field "spec.selector.k"',
        'duplicate field "spec.paused"',
    )


def test_field_names_are_case_sensitive() -> None:
    assert read('{"Paused":true}') == Decoded(Thing(), ('unknown field "spec.Paused"',))


def test_no_more_than_a_hundred_strict_errors_are_kept() -> None:
    fields = ",".join(f'"x{n}":1' for n in range(200))
    assert len(read("{" + fields + "}").strict_errors) == 100


def test_the_value_of_a_free_form_field_is_kept() -> None:
    assert read('{"raw":{"a":[1,2.5,{"b":null}],"c":1e3},"zzz":0}').object.spec.raw == {
        "a": [1, 2.5, {"b": None}],
        "c": 1000.0,
    }


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        ('{"since":"2026-01-02T04:04:05.5+01:00"}', ThingSpec(since="2026-01-02T03:04:05Z")),
        ('{"since":"2024-02-29T00:00:00Z"}', ThingSpec(since="2024-02-29T00:00:00Z")),
        ('{"since":"0001-01-01T00:00:00Z"}', ThingSpec()),
        ('{"exactly":"2026-01-02T04:04:05.000001+01:00"}', ThingSpec(exactly="2026-01-02T03:04:05.000001Z")),
        ('{"parts":[{"limits":{"a":0.5,"b":"1024Mi","c":" 1000m ","d":null,"e":"9Ei"}}]}',
         ThingSpec(parts=(Part(limits={"a": "500m", "b": "1Gi", "c": "1", "d": "0", "e": "9223372036854775807"}),))),
        ('{"surge":3}', ThingSpec(surge=3)),
        ('{"ratio":1}', ThingSpec(ratio=1.0)),
        ('{"secret":{"a":"YQ=="}}', ThingSpec(secret={"a": b"a"})),
        ('{"terminationGracePeriodSeconds":3000000000}', ThingSpec(grace=3_000_000_000)),
        ('{"selector":{"a":"\\ud800x"}}', ThingSpec(selector={"a": "\ufffdx"})),
    ],
)  # fmt: skip
def test_values_become_canonical(spec: str, wanted: ThingSpec) -> None:
    assert read(spec) == Decoded(Thing(spec=wanted))


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            '{"replicas":1.5}',
            "json: cannot unmarshal number 1.5 into Go struct field ThingSpec.spec.replicas of type int32",
        ),
        (
            '{"replicas":2.0}',
            "json: cannot unmarshal number 2.0 into Go struct field ThingSpec.spec.replicas of type int32",
        ),
        (
            '{"replicas":"2"}',
            "json: cannot unmarshal string into Go struct field ThingSpec.spec.replicas of type int32",
        ),
        (
            '{"replicas":3000000000}',
            "json: cannot unmarshal number 3000000000 into Go struct field ThingSpec.spec.replicas of type int32",
        ),
        ('{"paused":1}', "json: cannot unmarshal number into Go struct field ThingSpec.spec.paused of type bool"),
        ('{"words":"a"}', "json: cannot unmarshal string into Go struct field ThingSpec.spec.words of type []string"),
        (
            '{"parts":[{"name":1}]}',
            "json: cannot unmarshal number into Go struct field Part.spec.parts.name of type string",
        ),
        (
            '{"selector":[]}',
            "json: cannot unmarshal array into Go struct field ThingSpec.spec.selector of type map[string]string",
        ),
        ('{"surge":true}', "json: cannot unmarshal bool into Go struct field ThingSpec.spec.surge of type int32"),
        ('{"since":5}', "json: cannot unmarshal number into Go struct field ThingSpec.spec.since of type string"),
        ('{"parts":{}}', "json: cannot unmarshal object into Go struct field ThingSpec.spec.parts of type []v1.Part"),
        ('{"secret":{"a":"YWJjZA"}}', "illegal base64 data at input byte 4"),
        ('{"secret":{"a":"YW!"}}', "illegal base64 data at input byte 2"),
        (
            '{"since":"yesterday"}',
            'parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"',
        ),
        ('{"parts":[{"limits":{"cpu":"1ki"}}]}', "unable to parse quantity's suffix"),
        ("[]", "json: cannot unmarshal array into Go struct field Thing.spec of type v1.ThingSpec"),
    ],
)
def test_a_value_of_a_wrong_type_is_rejected_with_the_message_of_go(spec: str, message: str) -> None:
    assert refused(spec) == message


def test_the_first_value_of_a_wrong_type_is_reported_unless_a_later_one_fails_to_parse() -> None:
    assert refused('{"paused":1,"words":2}').endswith("ThingSpec.spec.paused of type bool")
    assert refused('{"paused":1,"since":"x"}').startswith("parsing time")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "unexpected end of JSON input"),
        ("", "unexpected end of JSON input"),
        ('{"a":}', "invalid character '}' looking for beginning of value"),
        ("{a: 1}", "invalid character 'a' looking for beginning of object key string"),
        ('{"a" 1}', "invalid character '1' after object key"),
        ('{"a":1 "b"}', "invalid character '\"' after object key:value pair"),
        ("[1 2]", "invalid character '2' after array element"),
        ("{} {}", "invalid character '{' after top-level value"),
        ('{"a":NaN}', "invalid character 'N' looking for beginning of value"),
        ("[" * 100_000, "exceeded max depth"),
    ],
)
def test_malformed_json_is_rejected_with_the_message_of_go(text: str, message: str) -> None:
    with pytest.raises(DecodeError) as caught:
        serializer.decode(text.encode(), Thing)
    assert str(caught.value) == message


def test_a_document_that_is_not_an_object_is_rejected() -> None:
    with pytest.raises(DecodeError, match=r"^json: cannot unmarshal array into Go value of type v1.Thing$"):
        serializer.decode(b"[]", Thing)


def test_the_type_of_a_document_is_decoded_without_the_rest() -> None:
    assert serializer.type_of(b'{"spec":[],"kind":"Pod"}') == TypeMeta(kind="Pod")
    assert serializer.type_of(b"null") == TypeMeta()
    with pytest.raises(
        DecodeError, match=r"^couldn't get version/kind; json parse error: unexpected end of JSON input$"
    ):
        serializer.type_of(b"{")


def test_a_decoded_object_has_the_type_of_its_struct() -> None:
    assert serializer.decode(b'{"kind":"Other","apiVersion":"v7"}', Thing) == Decoded(Thing())


def test_recursive_kinds_are_decoded() -> None:
    part = Part(name="a", next=Part(name="b", next=Part(name="c")))
    assert read('{"parts":[{"name":"a","next":{"name":"b","next":{"name":"c"}}}],"x":1}').object.spec.parts == (part,)


def test_yaml_is_decoded_as_the_equivalent_json() -> None:
    text = b"""
kind: Thing
metadata: {name: a}
spec:
  replicas: 2.0
  since: 2026-01-02T03:04:05Z
  selector: {on: 'yes', 2: "2"}
  parts:
  - &base {name: p, args: [a]}
  - {<<: *base, name: q}
"""
    parts = (Part(name="p", args=("a",)), Part(name="q", args=("a",)))
    spec = ThingSpec(replicas=2, since="2026-01-02T03:04:05Z", selector={"true": "yes", "2": "2"}, parts=parts)
    assert serializer.decode_yaml(text, Thing) == Decoded(Thing(metadata=ObjectMeta(name="a"), spec=spec))


def test_duplicate_keys_of_yaml_are_reported_with_their_line() -> None:
    found = serializer.decode_yaml(b"metadata:\n  name: a\n  name: b\n", Thing)
    assert found.object.metadata.name == "b"
    assert found.strict_errors == (
        'error converting YAML to JSON: yaml: unmarshal errors:\n  line 3: key "name" already set in map',
    )


@pytest.mark.parametrize(
    "text",
    [
        b"a: 1\n---\nb: 2\n",
        b"a: [",
        b"a: .inf",
        b"? [a]\n: b",
        b"a: !!binary aGk=",
        b"a: &a [x, x, x, x, x, x, x, x, x, x]\n"
        + b"".join(b"%c: &%c [%s]\n" % (n + 1, n + 1, b", ".join([b"*%c" % n] * 10)) for n in range(97, 105)),
        b"a: &a {x: 1}\n"
        + b"".join(b"%c: &%c {<<: [%s]}\n" % (n + 1, n + 1, b", ".join([b"*%c" % n] * 10)) for n in range(97, 105)),
    ],
    ids=["two documents", "broken", "infinity", "odd key", "binary", "bomb", "merge bomb"],
)
def test_yaml_without_an_equivalent_in_json_is_rejected(text: bytes) -> None:
    with pytest.raises(DecodeError, match=r"^error converting YAML to JSON: yaml: "):
        serializer.decode_yaml(text, Thing)


names = st.text(max_size=5)
specs = st.builds(
    ThingSpec,
    replicas=st.none() | st.integers(-(2**31), 2**31 - 1),
    ratio=st.floats(allow_nan=False, allow_infinity=False),
    paused=st.booleans(),
    surge=st.none() | st.integers(0, 100) | names,
    parts=st.lists(st.builds(Part, name=names, ports=st.tuples(st.builds(Port, number=st.integers(0, 9))))).map(tuple),
    words=st.lists(names).map(tuple),
    selector=st.dictionaries(names, names),
    secret=st.dictionaries(names, st.binary(max_size=8)),
    raw=st.dictionaries(names, st.recursive(st.none() | st.booleans() | names, st.lists, max_leaves=5)),
)


@given(specs)
def test_what_is_written_is_read_back_either_way(spec: ThingSpec) -> None:
    thing = Thing(spec=spec)
    text = serializer.encode(thing)
    assert serializer.decode(text, Thing) == Decoded(thing)
    assert serializer.from_builtins(serializer.to_builtins(thing), Thing) == Decoded(thing)
    careful = serializer.decode(text[:-1] + b',"unknown":1}', Thing)
    assert careful == Decoded(thing, ('unknown field "unknown"',))
