"""Hashes in names, and percentages."""

import pytest

from kubeactors.api.core.v1 import PodTemplateSpec
from kubeactors.apimachinery import hashing, intstr
from kubeactors.apimachinery.intstr import IntOrStringError
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.names import label_value


def test_equal_templates_have_equal_hashes_whatever_the_order_of_their_maps() -> None:
    one = PodTemplateSpec(metadata=ObjectMeta(labels={"a": "1", "b": "2"}))
    other = PodTemplateSpec(metadata=ObjectMeta(labels={"b": "2", "a": "1"}))
    assert hashing.template_hash(one) == hashing.template_hash(other)
    assert hashing.template_hash(one) != hashing.template_hash(PodTemplateSpec())


def test_a_collision_gives_another_hash() -> None:
    hashes = [hashing.template_hash(PodTemplateSpec(), count) for count in (None, 0, 1, 2)]
    assert len(dict.fromkeys(hashes)) == 4
    assert all(label_value(one) == () for one in hashes)


def test_percentages_are_rounded_up_or_down() -> None:
    assert intstr.scaled("33%", 10, round_up=True) == 4
    assert intstr.scaled("33%", 10, round_up=False) == 3
    assert intstr.scaled("100%", 10, round_up=False) == 10
    assert intstr.scaled("-25%", 10, round_up=True) == -2
    assert intstr.scaled(5, 10, round_up=True) == 5


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("5", "invalid value for IntOrString: invalid type: string is not a percentage"),
        (
            "x%",
            'invalid value for IntOrString: invalid value "x%": strconv.Atoi: parsing "x": invalid syntax',
        ),
    ],
)
def test_a_malformed_percentage_is_rejected_with_the_message_of_kubernetes(value: str, message: str) -> None:
    with pytest.raises(IntOrStringError) as caught:
        intstr.scaled(value, 10, round_up=True)
    assert str(caught.value) == message
