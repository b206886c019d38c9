"""Labels and label selectors as fields.

Source: apimachinery/pkg/apis/meta/v1/validation/validation.go (v1.36).
"""

from collections.abc import Iterator

from kubeactors.api.core.v1.validation.common import messages, qualified_name
from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError, forbidden, invalid, required
from kubeactors.apimachinery.meta import LabelSelector, LabelSelectorRequirement


def validate_labels(labels: dict[str, str], path: str) -> Iterator[FieldError]:
    """Keys are qualified names, values are short."""
    for key, value in labels.items():
        yield from qualified_name(path, key)
        yield from messages(path, value, names.label_value(value))


def validate_label_selector(selector: LabelSelector | None, path: str) -> Iterator[FieldError]:
    """What a selector requires must be possible."""
    if selector is None:
        return
    yield from validate_labels(selector.match_labels, f"{path}.matchLabels")
    for i, requirement in enumerate(selector.match_expressions):
        yield from _requirement(requirement, f"{path}.matchExpressions[{i}]")


def _requirement(requirement: LabelSelectorRequirement, path: str) -> Iterator[FieldError]:
    match requirement.operator:
        case "In" | "NotIn":
            if not requirement.values:
                yield required(f"{path}.values", "must be specified when `operator` is 'In' or 'NotIn'")
        case "Exists" | "DoesNotExist":
            if requirement.values:
                yield forbidden(f"{path}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
        case _:
            yield invalid(f"{path}.operator", requirement.operator, "not a valid selector operator")
    yield from qualified_name(f"{path}.key", requirement.key)
    for i, value in enumerate(requirement.values):
        yield from messages(f"{path}.values[{i}]", value, names.label_value(value))
