"""Rules of names, and their messages."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubeactors.apimachinery import names

SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
LABEL = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
NAME_PART = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)


def test_a_valid_name_has_no_errors() -> None:
    assert names.dns1123_subdomain("a-1.b") == ()
    assert names.dns1123_label("web-0") == ()
    assert names.dns1035_label("web-0") == ()
    assert names.wildcard_dns1123_subdomain("*.a.b") == ()
    assert names.qualified_name("example.com/A_b.c") == ()
    assert names.label_value("") == ()
    assert names.port_name("http-2") == ()
    assert names.config_map_key("ca.crt") == ()
    assert names.env_var_name("my.VAR_1") == ()
    assert names.relaxed_env_var_name("1 odd name!") == ()
    assert names.http_header_name("X-Forwarded-For") == ()


def test_the_error_of_a_bad_name_has_the_rule_an_example_and_the_pattern() -> None:
    assert names.dns1123_subdomain("A_b") == (SUBDOMAIN,)
    assert names.dns1123_label("A_b") == (LABEL,)
    assert names.qualified_name("a b") == (NAME_PART,)


def test_a_trailing_newline_is_invalid() -> None:
    assert names.dns1123_label("a\n") == (LABEL,)
    assert names.port_name("a\n") == ("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)",)


def test_length_is_counted_in_bytes() -> None:
    assert names.dns1123_label("a" * 63) == ()
    assert names.dns1123_label("a" * 64) == ("must be no more than 63 characters",)
    assert names.label_value("a" * 64) == ("must be no more than 63 bytes",)
    assert names.dns1123_label("é" * 40)[0] == "must be no more than 63 characters"


def test_both_parts_of_a_qualified_name_are_validated() -> None:
    assert names.qualified_name("") == ("name part must be non-empty", NAME_PART)
    assert names.qualified_name("A/b") == (f"prefix part {SUBDOMAIN}",)
    assert names.qualified_name("a/b/c")[0].startswith("a valid label key must consist of")


def test_file_keys_cannot_leave_the_directory() -> None:
    assert names.config_map_key(".") == ("must not be '.'",)
    assert names.config_map_key("..a") == ("must not start with '..'",)
    assert names.env_var_name("..") == ("must not be '..'",)


def test_a_prefix_may_end_with_a_dash() -> None:
    assert names.name_is_dns_subdomain("web-", True) == ()
    assert names.name_is_dns_subdomain("web-", False) == (SUBDOMAIN,)
    assert names.name_is_dns_label("web-", True) == ()
    assert names.name_is_path_segment("..", True) == ()
    assert names.name_is_path_segment("..", False) == ("may not be '..'",)


def test_the_error_of_a_number_out_of_range_has_the_range() -> None:
    assert names.port_number(0) == ("must be between 1 and 65535, inclusive",)
    assert names.user_id(-1) == ("must be between 0 and 2147483647, inclusive",)
    assert names.user_id(2**31 - 1) == ()


@given(st.text("abc-", max_size=80), st.integers())
def test_a_generated_name_keeps_58_characters_and_adds_five(base: str, seed: int) -> None:
    name = names.generate(base, Random(seed))
    assert name[:-5] == base[:58]
    assert all(char in names.ALPHANUMERICS for char in name[-5:])
    assert name == names.generate(base, Random(seed))


@pytest.mark.parametrize("rule", [names.dns1123_label, names.dns1035_label])
@given(st.text("ab1-.", min_size=1, max_size=8))
def test_every_label_is_a_subdomain(rule: object, text: str) -> None:
    assert callable(rule)
    if rule(text) == ():
        assert names.dns1123_subdomain(text) == ()
