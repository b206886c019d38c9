"""Validation of `metav1.Condition` lists."""

from kubeactors.apimachinery.condition_validation import validate_conditions
from kubeactors.apimachinery.meta import Condition

TIME = "2026-01-01T00:00:00Z"
GOOD = Condition(type="example.com/Ready", status="True", reason="All_Well:1,2_", last_transition_time=TIME)


def wrong(*conditions: Condition) -> list[str]:
    return [str(one) for one in validate_conditions(conditions, "status.conditions")]


def test_a_complete_condition_is_valid() -> None:
    assert wrong(GOOD) == []


def test_an_empty_condition_lacks_its_required_fields() -> None:
    name = (
        "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
        "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
        "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
    )
    assert wrong(Condition(observed_generation=-1)) == [
        'status.conditions[0].type: Invalid value: "": name part must be non-empty',
        f'status.conditions[0].type: Invalid value: "": {name}',
        'status.conditions[0].status: Unsupported value: "": supported values: "False", "True", "Unknown"',
        "status.conditions[0].observedGeneration: Invalid value: -1: must be greater than or equal to zero",
        "status.conditions[0].lastTransitionTime: Required value: must be set",
        "status.conditions[0].reason: Required value: must be set",
    ]


def test_types_are_unique_and_strings_have_a_maximum_length() -> None:
    long = Condition(
        type=GOOD.type, status="False", reason="R" * 1025, message="m" * (32 * 1024 + 1), last_transition_time=TIME
    )
    assert wrong(GOOD, long) == [
        'status.conditions[1].type: Duplicate value: "example.com/Ready"',
        "status.conditions[1].reason: Too long: may not be more than 1024 bytes",
        "status.conditions[1].message: Too long: may not be more than 32768 bytes",
    ]


def test_a_reason_is_one_word() -> None:
    (error,) = wrong(Condition(type="Ready", status="Unknown", reason="not one word", last_transition_time=TIME))
    assert error.startswith(
        'status.conditions[0].reason: Invalid value: "not one word": a condition reason must start with alphabetic '
        "character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an "
        "alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',"
    )
