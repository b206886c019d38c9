"""Regular expressions of simulated commands: what they match, and at what cost."""

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubeactors.kubelet.runtimes.shell.expression_matcher import MAX_STEPS, Matcher
from kubeactors.kubelet.runtimes.shell.expression_parser import BadExpression, Node, parsed
from kubeactors.kubelet.runtimes.shell.regular_expressions import STEP, any_of, compiled, expression
from tests.kubelet.test_shell import Ran

AS_AND_BS = st.recursive(
    st.sampled_from(["a", "b", ".", "[ab]", "[^a]", ""]),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({'|'.join(parts)})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,2}", "{0,}"])).map(
            lambda parts: f"({parts[0]}){parts[1]}"
        ),
    ),
    max_leaves=8,
)


def _tree(pattern: str) -> tuple[Node, int]:
    return parsed(pattern, extended=True)


@settings(deadline=None)
@given(AS_AND_BS, st.text("abc", max_size=8))
def test_the_library_and_the_matcher_find_the_same(pattern: str, text: str) -> None:
    pytest.importorskip("re2")
    node, groups = _tree(pattern)
    found = expression(node, groups, ignore_case=False).search(text)
    spans, _ = Matcher(node, groups, 0).search(text, 0)
    assert (None if found is None else found.span()) == (None if spans is None else spans[:2])


@pytest.mark.parametrize("pattern", ["(a*)*b", "(a|a)*b", "(a|aa)+b", "a*a*a*a*b", "(((a*)*)*)*b", "(.*)(.*)(.*)b"])
def test_no_nesting_of_repetitions_takes_more_states_than_instructions_times_places(pattern: str) -> None:
    node, groups = _tree(pattern)
    costs = [Matcher(node, groups, 0).search("a" * length, 0)[1] for length in (100, 200)]
    assert costs[1] < 2.1 * costs[0] < 6000


@pytest.mark.parametrize("is_installed", [True, False])
@pytest.mark.parametrize(
    ("pattern", "text", "wanted"),
    [
        ("a|ab", "xabx", "ab"),
        ("(a|ab)(c|bcd)", "abcd", "abcd"),
        ("(foo|foobar)*", "foobarfoo", "foobarfoo"),
        (r"\<b", "ab b", "b"),
        ("(a*)*b", "a" * 1000, None),
        ("x\udcff|x\udcff*", "x\udcff\udcff", "x\udcff\udcff"),
        ("[^a]é|é", "aéé", "éé"),
        (r"(a|b)\1", "abb", "bb"),
    ],
)
def test_the_longest_of_the_first_matches_wins_with_and_without_the_library(
    pattern: str, text: str, wanted: str | None, monkeypatch: pytest.MonkeyPatch, *, is_installed: bool
) -> None:
    if is_installed:
        pytest.importorskip("re2")
    else:
        monkeypatch.setitem(sys.modules, "re2", None)
    found = compiled.__wrapped__(pattern, extended=True).search(text)
    assert (None if found is None else found[0]) == wanted


def test_a_search_that_takes_too_long_is_given_up_and_charged() -> None:
    costs: list[int] = []
    with pytest.raises(BadExpression, match=r"^Memory exhausted$"):
        compiled(r"(.*)(.*)(.*)(.*)\1\2\3\4b", extended=True).search("a" * 200, costs.append)
    assert costs == [STEP * MAX_STEPS]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("x{32767}", "Regular expression too big"),
        ("(((x{1,100}){1,100}){1,100}){1,100}", "Regular expression too big"),
        ("(" * 5000 + "x" + ")" * 5000, "Regular expression too big"),
        ("()" * 5000, "Regular expression too big"),
        ("(a", r"Unmatched ( or \("),
        ("[b-a]", "Invalid range end"),
        (r"(a\1)", "Invalid back reference"),
        ("a{2,1}", r"Invalid content of \{\}"),
    ],
)
def test_a_malformed_or_huge_expression_is_rejected(pattern: str, message: str) -> None:
    with pytest.raises(BadExpression) as caught:
        compiled(pattern, extended=True)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("whole", "wanted"), [("", ["ab", "abc", "ab"]), ("word", ["ab", "ab"]), ("line", list[str]())]
)
def test_grep_selects_words_and_lines(whole: str, wanted: list[str]) -> None:
    assert whole in {"", "word", "line"}
    matches = any_of(("ab", "abc"), extended=False, fixed=True, ignore_case=False, whole=whole).matches("ab abcd ab")
    assert [one[0] for one in matches] == wanted


@pytest.mark.parametrize(
    ("script", "wanted"),
    [
        ("echo xabcd | grep -oE 'a|ab|abc'", "abc\n"),
        ("echo foobar | sed -E 's/(foo|foobar)/<\\1>/'", "<foobar>\n"),
        ("echo foobar | awk '{match($0, /foo|foobar/); print RLENGTH}'", "6\n"),
        (r"expr foobar : '\(foo\|foobar\)'", "foobar\n"),
        ("[[ foobar =~ foo|foobar ]]; echo ${BASH_REMATCH[0]}", "foobar\n"),
        (r"printf 'one\ntwo\n' | sed 'N;s/^t/T/;s/^t/T/M;s/$/!/M'", "one!\nTwo\n"),
        ("[[ a =~ ( ]]; echo never", r"sh: bad regex '(': Unmatched ( or \(" + "\n"),
        (
            r"x=aaaaaaaaaa; x=$x$x$x$x$x$x$x$x; echo $x | grep '\(.*\)\(.*\)\(.*\)\(.*\)\1\2\3\4b'; echo $?",
            "grep: bad regex: Memory exhausted\n2\n",
        ),
    ],
)
def test_a_script_matches(script: str, wanted: str) -> None:
    assert Ran(script).run(9).text == wanted
