"""Field selectors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubeactors.apimachinery import fieldselector
from kubeactors.apimachinery.fieldselector import EVERYTHING, FieldSelectorError, Term

FIELDS = {"metadata.name": "a", "metadata.namespace": "default", "spec.nodeName": "n,1"}


@pytest.mark.parametrize(
    ("text", "selected"),
    [
        ("", True),
        ("metadata.name=a", True),
        ("metadata.name==a", True),
        ("metadata.name!=a", False),
        ("metadata.name=a,metadata.namespace=default", True),
        ("metadata.name=a,metadata.namespace=other", False),
        (r"spec.nodeName=n\,1", True),
        ("status.phase=", True),
        ("status.phase!=", False),
        ("metadata.name=a,", True),
    ],
)
def test_a_selector_selects_what_it_says(text: str, selected: bool) -> None:  # noqa: FBT001 -- a case
    assert fieldselector.parse(text).matches(FIELDS) is selected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("metadata.name", "invalid selector: 'metadata.name'; can't understand 'metadata.name'"),
        ("a=b=c", "invalid field selector: unescaped character in value: 61"),
        ("a=\\b", "invalid field selector: invalid escape sequence: \\b"),
        ("a=b\\", "invalid field selector: invalid escape sequence: \\"),
    ],
)
def test_a_malformed_selector_is_rejected_with_the_message_of_kubernetes(text: str, message: str) -> None:
    with pytest.raises(FieldSelectorError) as caught:
        fieldselector.parse(text)
    assert str(caught.value) == message


terms = st.builds(
    Term, st.sampled_from(["metadata.name", "spec.nodeName"]), st.text("ab,=\\!", max_size=6), st.booleans()
)


@given(st.lists(terms, max_size=4))
def test_what_is_written_is_read_back(wanted: list[Term]) -> None:
    selector = fieldselector.FieldSelector(wanted)
    assert sorted(map(str, fieldselector.parse(str(selector)).terms)) == sorted(map(str, wanted))


def test_an_exact_field_is_available_for_index_lookups() -> None:
    selector = fieldselector.parse("spec.nodeName=n1,metadata.name!=a")
    assert selector.exact("spec.nodeName") == "n1"
    assert selector.exact("metadata.name") is None
    assert not selector.empty
    assert EVERYTHING.empty


def test_an_unknown_field_is_rejected() -> None:
    selector = fieldselector.parse("status.replicas=0")
    with pytest.raises(
        FieldSelectorError, match=r'^"status.replicas" is not a known field selector: only "metadata.name"'
    ):
        fieldselector.require_known(selector)
    with pytest.raises(FieldSelectorError, match=r"^field label not supported: status.replicas$"):
        fieldselector.require_known(selector, ["spec.nodeName"])
    fieldselector.require_known(selector, ["status.replicas"])
    fieldselector.require_known(fieldselector.parse("metadata.name=a"))
