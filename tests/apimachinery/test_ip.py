"""Validation of addresses and blocks."""

from kubeactors.apimachinery.field import FieldError, invalid
from kubeactors.apimachinery.ip import parse_cidr, validate_cidr, validate_ip, validate_legacy_cidr, validate_legacy_ip


def wrong(value: str, detail: str) -> list[FieldError]:
    return [invalid("spec.ip", value, detail)]


def test_a_newer_field_accepts_the_canonical_form_only() -> None:
    assert list(validate_ip("10.0.0.1", "spec.ip")) == []
    assert list(validate_ip("2001:DB8::1", "spec.ip")) == wrong(
        "2001:DB8::1", 'must be in canonical form ("2001:db8::1")'
    )
    assert list(validate_ip("x", "spec.ip")) == wrong(
        "x", "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
    )


def test_an_old_field_accepts_any_unambiguous_form() -> None:
    assert list(validate_legacy_ip("2001:DB8::1", "spec.ip")) == []
    assert list(validate_legacy_ip("010.0.0.1", "spec.ip")) == wrong("010.0.0.1", "must not have leading 0s")
    mapped = "::ffff:1.2.3.4"
    assert list(validate_legacy_ip(mapped, "spec.ip")) == wrong(mapped, "must not be an IPv4-mapped IPv6 address")


def test_an_address_with_a_zone_is_invalid() -> None:
    assert list(validate_legacy_ip("fe80::1%eth0", "spec.ip")) != []


def test_a_block_has_no_host_bits() -> None:
    assert list(validate_cidr("10.0.0.0/8", "spec.ip")) == []
    beyond = "must not have bits set beyond the prefix length"
    assert list(validate_legacy_cidr("10.0.0.1/8", "spec.ip")) == wrong("10.0.0.1/8", beyond)
    zeros = "must not have leading 0s in IP or prefix length"
    assert list(validate_legacy_cidr("10.0.0.0/08", "spec.ip")) == wrong("10.0.0.0/08", zeros)
    nothing = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
    assert list(validate_legacy_cidr("10.0.0.0/33", "spec.ip")) == wrong("10.0.0.0/33", nothing)
    upper = 'must be in canonical form ("2001:db8::/32")'
    assert list(validate_cidr("2001:DB8::/32", "spec.ip")) == wrong("2001:DB8::/32", upper)
    assert parse_cidr("10.0.0.0") is None
