"""Label selectors, as text and as fields."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubeactors.apimachinery import labels
from kubeactors.apimachinery.field import forbidden, invalid, required
from kubeactors.apimachinery.labels import EVERYTHING, NOTHING, SelectorError
from kubeactors.apimachinery.meta import LabelSelector, LabelSelectorRequirement
from kubeactors.apimachinery.requirement import EXISTS, IN, LESS, NOT_EXISTS, OPERATORS, Requirement, requirement

NO_INTEGER = "for 'Gt', 'Lt' operators, the value must be an integer"

OBJECTS: dict[str, dict[str, str]] = {
    "a": {"k": "one", "t": "x", "n": "5"},
    "b": {"k": "two", "n": "six"},
    "c": {},
}


@pytest.mark.parametrize(
    ("text", "selected"),
    [
        ("", "abc"),
        ("k=one", "a"),
        ("k==one", "a"),
        ("k!=one", "bc"),
        ("k", "ab"),
        ("!k", "c"),
        ("k in (one, two)", "ab"),
        ("k notin (one)", "bc"),
        ("k=one,t=x", "a"),
        ("k=one,t=y", ""),
        ("k=one,k=two", ""),
        ("n>4", "a"),
        ("n<5", ""),
        ("t notin ()", "abc"),
        ("k in (in,notin)", ""),
        ("t in (,x)", "a"),
        (" k = one , t ", "a"),
    ],
)
def test_a_selector_selects_what_it_says(text: str, selected: str) -> None:
    selector = labels.parse(text)
    assert "".join(name for name, found in OBJECTS.items() if selector.matches(found)) == selected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (" a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
        ("k=one,", "found '', expected: identifier after ','"),
        ("k=a=b", "found '=', expected: ',' or 'end of string'"),
        ("!k=a", "found '=', expected: ',' or 'end of string'"),
        (",k", "found ',', expected: !, identifier, or 'end of string'"),
        ("!", "unable to parse requirement: found '', expected: identifier"),
        ("k in a", "unable to parse requirement: found 'a' expected: '('"),
        ("k in (a", "unable to parse requirement: found '', expected: ',' or ')'"),
        ("k in (a b)", "unable to parse requirement: found 'b', expected: ',' or ')'"),
        ("k in (=)", "unable to parse requirement: found '=', expected: ',', ')' or identifier"),
        ("k in (a,=)", "unable to parse requirement: found '=', expected: ',', or identifier"),
        ("k==!", "unable to parse requirement: found '!', expected: identifier"),
        ("n gt 5", "unable to parse requirement: found 'gt', expected: in, notin, =, ==, !=, gt, lt"),
        ("n>x", f'unable to parse requirement: values[0]: Invalid value: "x": {NO_INTEGER}'),
    ],
)
def test_a_malformed_selector_is_rejected_with_the_message_of_kubernetes(text: str, message: str) -> None:
    with pytest.raises(SelectorError) as caught:
        labels.parse(text)
    assert str(caught.value) == message


def test_the_error_of_a_bad_key_has_the_rule() -> None:
    with pytest.raises(SelectorError) as caught:
        labels.parse("k~one")
    assert str(caught.value).startswith(
        'unable to parse requirement: <nil>: Invalid value: "k~one": name part must consist'
    )


def test_the_error_of_a_bad_value_has_its_place() -> None:
    with pytest.raises(SelectorError) as caught:
        labels.parse("k=a:b")
    assert str(caught.value).startswith(
        'unable to parse requirement: values[0][k]: Invalid value: "a:b": a valid label must'
    )


def test_a_selector_is_formatted_in_key_order() -> None:
    text = "b notin (y,x),a in (z),!d,c,e>5,f=1,g!=2,h==3"
    assert str(labels.parse(text)) == "a in (z),b notin (x,y),c,!d,e>5,f=1,g!=2,h==3"


keys = st.sampled_from(["a", "b", "x.io/c"])
values = st.sampled_from(["", "1", "2", "in"])
requirements = st.one_of(
    st.builds(requirement, keys, st.sampled_from(["in", "notin"]), st.sets(values, min_size=1).map(sorted)),
    st.builds(requirement, keys, st.sampled_from(["=", "==", "!="]), values.map(lambda one: [one])),
    st.builds(requirement, keys, st.sampled_from([EXISTS, NOT_EXISTS])),
    st.builds(requirement, keys, st.sampled_from(["gt", "lt"]), st.integers(0, 3).map(lambda one: [str(one)])),
)
objects = st.dictionaries(keys, values)


def holds(one: Requirement, found: dict[str, str]) -> bool:
    """The meaning of the requirement, in plain Python."""
    value = found.get(one.key)
    match one.operator:
        case "in" | "=" | "==":
            return value is not None and value in one.values
        case "notin" | "!=":
            return value is None or value not in one.values
        case "exists":
            return value is not None
        case "!":
            return value is None
        case _:
            if value is None or not value.isdigit():
                return False
            return int(value) > int(one.values[0]) if one.operator == "gt" else int(value) < int(one.values[0])


@given(st.lists(requirements, max_size=4), objects)
def test_a_selector_means_that_all_its_requirements_hold(wanted: list[Requirement], found: dict[str, str]) -> None:
    assert labels.Selector(wanted).matches(found) == all(holds(one, found) for one in wanted)


@given(st.lists(requirements, max_size=4))
def test_what_is_written_is_read_back(wanted: list[Requirement]) -> None:
    selector = labels.Selector(wanted)
    assert labels.parse(str(selector)) == selector


@given(st.text("ab=!(),<>in ", max_size=12))
def test_any_text_is_a_selector_or_refused(text: str) -> None:
    try:
        selector = labels.parse(text)
    except SelectorError:
        return
    assert labels.parse(str(selector)) == selector


def test_the_selector_of_a_field_selects_by_labels_and_expressions() -> None:
    field = LabelSelector(
        match_labels={"app": "web"},
        match_expressions=(LabelSelectorRequirement(key="tier", operator="NotIn", values=("front", "back")),),
    )
    selector = labels.of_object(field)
    assert (
        selector == labels.parse("app=web,tier notin (back,front)")
        or str(selector) == "app=web,tier notin (back,front)"
    )
    assert labels.format_selector(field) == "app=web,tier notin (back,front)"
    assert selector.exact("app") == "web"
    assert selector.exact("tier") is None


def test_no_selector_selects_nothing_and_an_empty_one_everything() -> None:
    assert labels.of_object(None) is NOTHING
    assert not NOTHING.matches({})
    assert not NOTHING.empty
    assert labels.of_object(LabelSelector()).matches({"a": "b"})
    assert labels.of_object(LabelSelector()) == EVERYTHING
    assert EVERYTHING.empty
    assert NOTHING != EVERYTHING


def test_the_selector_of_a_service_selects_what_has_all_its_labels() -> None:
    selector = labels.of_labels({"a": "1", "b": "2"})
    assert selector.matches({"a": "1", "b": "2", "c": "3"})
    assert not selector.matches({"a": "1"})
    assert str(selector) == "a=1,b=2"


def test_an_unknown_operator_is_rejected() -> None:
    field = LabelSelector(match_expressions=(LabelSelectorRequirement(key="a", operator="Gt", values=("1",)),))
    with pytest.raises(SelectorError, match=r'^"Gt" is not a valid label selector operator$'):
        labels.of_object(field)
    assert labels.format_selector(field) == "<error>"
    with pytest.raises(SelectorError, match=r"^operator: Unsupported value"):
        requirement("a", "like", ("b",))


def test_operators_of_node_selectors_are_supported() -> None:
    assert requirement("n", OPERATORS["Lt"], ("3",)) == Requirement("n", LESS, ("3",))
    assert requirement("n", OPERATORS["In"], ("3",)) == Requirement("n", IN, ("3",))


def test_validation_names_each_part_of_a_selector() -> None:
    field = LabelSelector(
        match_labels={"a": "b c"},
        match_expressions=(
            LabelSelectorRequirement(key="a", operator="In"),
            LabelSelectorRequirement(key="a", operator="Exists", values=("x",)),
            LabelSelectorRequirement(key="a", operator="Gt", values=("1",)),
            LabelSelectorRequirement(key="a", operator="In", values=("x", "y z")),
        ),
    )
    errors = list(labels.validate_selector(field, "spec.selector"))
    expressions = "spec.selector.matchExpressions"
    assert [one.field for one in errors] == [
        "spec.selector.matchLabels",
        f"{expressions}[0].values",
        f"{expressions}[1].values",
        f"{expressions}[2].operator",
        f"{expressions}[3].values[1]",
    ]
    assert errors[1] == required(f"{expressions}[0].values", "must be specified when `operator` is 'In' or 'NotIn'")
    exists = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
    assert errors[2] == forbidden(f"{expressions}[1].values", exists)
    assert errors[3] == invalid(f"{expressions}[2].operator", "Gt", "not a valid selector operator")
    assert list(labels.validate_selector(None, "spec.selector")) == []
