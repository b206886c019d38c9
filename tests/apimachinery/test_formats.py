"""The formats of strings and numbers in schemas of custom kinds."""

from collections.abc import Mapping

import pytest

from kubeactors.apimachinery.structural.values import ValueValidator


def errors(schema: Mapping[str, object], value: object, old: object = None) -> list[str]:
    whole = {"type": "object", "properties": {"x": schema}}
    return [str(one) for one in ValueValidator(whole).errors({"x": value}, "", None if old is None else {"x": old})]


def out_of_range(what: str, range_: str) -> str:
    return f'<nil>: Invalid value: "": {what} value must be of type {range_} in x'


@pytest.mark.parametrize(
    ("schema", "fitting", "exceeding", "range_"),
    [
        ({"type": "integer", "format": "int32"}, -(2**31), 2**31, "integer with format int32"),
        ({"type": "integer", "format": "int32", "nullable": True}, 2.0, 3e9, "integer with format int32"),
        ({"type": "integer", "format": "int64"}, 2**63 - 1, 2**63, "integer with format int64"),
        ({"type": "integer", "format": "uint8"}, 256, -(2**63) - 1, "integer (default format)"),
        ({"type": "number", "format": "float"}, 3.4e38, -3.5e38, "number with format float"),
    ],
)
def test_a_number_is_in_the_range_of_its_format(
    schema: dict[str, object], fitting: float, exceeding: float, range_: str
) -> None:
    assert errors(schema, fitting) == []
    assert errors(schema, exceeding) == [out_of_range("Checked", range_)]


def test_a_fraction_is_of_the_wrong_type_and_out_of_range() -> None:
    assert errors({"type": "integer", "format": "int32"}, 1.5) == [
        'x: Invalid value: "number": x in body must be of type integer: "number"',
        out_of_range("Checked", "integer with format int32"),
    ]


def test_a_bound_out_of_range_is_reported_with_every_number() -> None:
    schema = {"type": "integer", "format": "int32", "maximum": 2**32 - 1}
    assert errors(schema, 64512) == [out_of_range("Maximum boundary", "integer with format int32")]


def test_a_number_that_was_accepted_before_is_kept() -> None:
    assert errors({"type": "integer", "format": "int32"}, 2**31, old=2**31) == []


@pytest.mark.parametrize(
    ("format_", "good", "bad"),
    [
        ("bsonobjectid", ["507f1f77bcf86cd799439011"], ["507f1f77bcf86cd79943901"]),
        ("creditcard", ["4111 1111 1111 1111"], ["4111 1111 1111 1112", "1"]),
        ("date", ["2026-02-28"], ["2026-2-28"]),
        ("date-time", ["2001-02-03T04:05:06Z"], ["yesterday"]),
        ("hexcolor", ["#fff", "A0b1C2"], ["#ffff"]),
        ("hostname", ["a", "example.com"], ["a_b", "a.b-", "a.b", "x" * 64]),
        ("isbn", ["0321751043", "978-0321751041"], ["0321751044", "978-0321751042"]),
        ("isbn10", ["0-8044-2957-X"], ["978-0321751041"]),
        ("isbn13", ["978-0321751041"], ["0321751043"]),
        ("k8s-long-name", ["a.b-c"], ["a..b", "A", "a" * 254]),
        ("k8s-short-name", ["a-1"], ["a.b", "-a", "a" * 64]),
        ("mac", ["00:00:5e:00:53:01", "00-00-5e-00-53-01", "0000.5e00.5301"], ["00:00:5e:00:53", "00:00-5e:00:53:01"]),
        ("quantity", ["10Gi", "0.5"], ["10 Gi"]),
        ("rgbcolor", ["rgb(0, 128,255)"], ["rgb(0,128,256)"]),
        ("ssn", ["111-11-1111"], ["111111111"]),
        ("uri", ["http://a/b?c", "/a", "mailto:a"], ["a", "http://a b", "/a%zz"]),
        ("uuid", ["A3bb189e8bf938889912ace4e6543002"], ["a3bb189e"]),
        ("uuid3", ["a3bb189e-8bf9-3888-9912-ace4e6543002"], ["a3bb189e-8bf9-4888-9912-ace4e6543002"]),
        ("uuid4", ["a3bb189e-8bf9-4888-9912-ace4e6543002"], ["a3bb189e-8bf9-4888-c912-ace4e6543002"]),
        ("uuid5", ["a3bb189e-8bf9-5888-9912-ace4e6543002"], ["a3bb189e-8bf9-4888-9912-ace4e6543002"]),
        ("no-such-format", ["anything"], []),
    ],
)
def test_a_string_has_its_format(format_: str, good: list[str], bad: list[str]) -> None:
    schema: dict[str, object] = {"type": "string", "format": format_}
    for value in good:
        assert errors(schema, value) == []
    for value in bad:
        assert errors(schema, value) == [f'x: Invalid value: "{value}": x in body must be of type {format_}: "{value}"']
