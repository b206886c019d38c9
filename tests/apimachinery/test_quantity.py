"""Quantities: canonical form, rounding, arithmetic."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubeactors.apimachinery import quantity
from kubeactors.apimachinery.quantity import BINARY_SI, DECIMAL_EXPONENT, DECIMAL_SI, QuantityError

WRONG_FORM = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
WRONG_SUFFIX = "unable to parse quantity's suffix"


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("0", "0"),
        ("0Ki", "0"),
        ("-0", "0"),
        (".", "0"),
        ("0.5", "500m"),
        (".001", "1m"),
        ("1000m", "1"),
        ("1000000", "1M"),
        ("1500m", "1500m"),
        ("50k", "50k"),
        ("1024Mi", "1Gi"),
        ("1536Mi", "1536Mi"),
        ("1.5Gi", "1536Mi"),
        ("1023", "1023"),
        ("0.5Ki", "512"),
        ("100.035Ki", "102435840m"),
        (".000000001Ki", "1024n"),
        ("0.000000000001Ki", "2n"),
        ("1e3", "1e3"),
        ("1E6", "1E6"),
        ("1e14", "100e12"),
        ("1.3E+6", "1300e3"),
        ("0.5e-1", "50e-3"),
        ("12E", "12E"),
        ("-1.5Gi", "-1536Mi"),
    ],
)
def test_canonical_form_is_that_of_kubernetes(text: str, canonical: str) -> None:
    assert quantity.canonical(text) == canonical


@pytest.mark.parametrize("text", ["+1", "1.", "05Ki", "1.500", "100.035k"])
def test_some_odd_strings_are_kept_as_written(text: str) -> None:
    assert quantity.canonical(text) == text


@pytest.mark.parametrize("text", ["3.001n", "0.5e-9", "0.00000000050", "-0.1n"])
def test_amounts_below_a_nano_are_rounded_away_from_zero(text: str) -> None:
    assert abs(quantity.parse(text).nanos) in (1, 4)


@pytest.mark.parametrize("text", ["9Ei", "9223372036854775807Ki"])
def test_binary_amounts_are_capped(text: str) -> None:
    assert quantity.canonical(text) == "9223372036854775807"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", WRONG_FORM),
        ("a lot", WRONG_FORM),
        ("1 Gi", WRONG_FORM),
        ("1_000", WRONG_FORM),
        ("1e3.5", WRONG_FORM),
        ("1ki", WRONG_SUFFIX),
        ("1e", WRONG_SUFFIX),
        ("1KiKi", WRONG_SUFFIX),
        ("1-5", WRONG_SUFFIX),
        ("1e99999999", WRONG_SUFFIX),
        ("1" * 5000, "unable to parse numeric part of quantity"),
    ],
)
def test_a_malformed_quantity_is_rejected_with_the_message_of_kubernetes(text: str, message: str) -> None:
    with pytest.raises(QuantityError) as caught:
        quantity.parse(text)
    assert str(caught.value) == message


def test_a_long_malformed_quantity_is_rejected_in_linear_time() -> None:
    with pytest.raises(QuantityError):
        quantity.parse("0" * 100_000 + "x")


def test_whole_and_milli_values_are_rounded_up() -> None:
    assert [quantity.value(one) for one in ("1Ki", "1.1", "100m", "-100m")] == [1024, 2, 1, -1]
    assert [quantity.milli_value(one) for one in ("1.5", "250m", "1u", "2Gi")] == [1500, 250, 1, 2_147_483_648_000]


texts = st.tuples(
    st.sampled_from(["", "-", "+"]),
    st.integers(0, 10**9).map(str),
    st.one_of(st.just(""), st.integers(0, 10**6).map(lambda n: f".{n}")),
    st.sampled_from(["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "e3", "E-2", "e+12"]),
).map("".join)


def exact(text: str) -> Fraction:
    """The value of the string, computed independently."""
    head = text if "e" in text.lower()[:-1] else text.rstrip("numkMGTPEKi")
    suffix = text[len(head) :]
    binary = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
    decimal = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
    factor = Fraction(binary[suffix]) if suffix in binary else Fraction(10) ** decimal[suffix]
    return Fraction(head) * factor


@given(texts)
def test_a_text_is_worth_what_it_says_rounded_up_to_a_nano(text: str) -> None:
    wanted = exact(text) * quantity.NANOS
    up = -(-abs(wanted) // 1)
    capped = min(up, (2**63 - 1) * quantity.NANOS) if text.endswith("i") else up
    assert quantity.parse(text).nanos == (-capped if wanted < 0 else capped)


@given(texts)
def test_canonical_text_means_the_same_and_is_a_fixed_point(text: str) -> None:
    canonical = quantity.canonical(text)
    assert quantity.parse(canonical).nanos == quantity.parse(text).nanos
    assert quantity.canonical(canonical) == canonical


@given(texts, texts)
def test_sums_and_differences_are_exact(one: str, other: str) -> None:
    left, right = quantity.parse(one).nanos, quantity.parse(other).nanos
    assert quantity.parse(quantity.add(one, other)).nanos == left + right
    assert quantity.parse(quantity.subtract(one, other)).nanos == left - right
    assert quantity.compare(one, other) == (left > right) - (left < right)


@given(st.integers(-(10**21), 10**21), st.sampled_from([DECIMAL_SI, BINARY_SI, DECIMAL_EXPONENT]))
def test_every_amount_can_be_written_and_read_back(nanos: int, format_: str) -> None:
    assert quantity.parse(quantity.canonical_of(nanos, format_)).nanos == nanos


def test_a_sum_has_the_format_of_the_first_nonzero_summand() -> None:
    assert quantity.total(["0", "1Gi", "1G"]) == "2073741824"
    assert quantity.add("1G", "1Gi") == "2073741824"
    assert quantity.total(["512Mi", "512Mi"]) == "1Gi"
