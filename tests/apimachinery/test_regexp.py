import sys

import pytest

from kubeactors.apimachinery.regexp import PatternError, compiled


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("^((?i)mon|tues)day$", "MONday", True),
        ("^((?i)mon|tues)day$", "monDAY", False),
        (r"^\pL[[:digit:]]\z", "\u00e91", True),
        (r"^\Qa.b\E$", "a.b", True),
        (r"^\Qa.b\E$", "axb", False),
        (r"^\w$", "\u00e9", False),
        ("^a$", "a\n", False),
        ("(?P<a>x)(?<b>y)", "xy", True),
    ],
)
def test_patterns_match_as_in_go(pattern: str, text: str, found: bool) -> None:  # noqa: FBT001 - a row of a table
    assert (compiled(pattern).search(text) is not None) is found


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("a(?=b)", "invalid or unsupported Perl syntax: `(?=`"),
        (r"(a)\1", r"invalid escape sequence: `\1`"),
        ("a(b", "missing closing ): `a(b`"),
        ("[a", "missing closing ]: `[a`"),
        ("a)", "unexpected ): `a)`"),
        ("*", "missing argument to repetition operator: `*`"),
        ("a**", "invalid nested repetition operator: `**`"),
        ("a{1001}", "invalid repeat count: `{1001}`"),
        ("a\\", "trailing backslash at end of expression: ``"),
    ],
)
def test_a_malformed_pattern_is_rejected_with_the_message_of_go(pattern: str, message: str) -> None:
    with pytest.raises(PatternError) as refused:
        compiled(pattern)
    assert str(refused.value) == f"error parsing regexp: {message}"


def test_without_the_library_the_error_of_a_pattern_names_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "re2", None)
    with pytest.raises(PatternError, match="need the package google-re2, which is not installed"):
        compiled("a pattern that nobody has had compiled before")
