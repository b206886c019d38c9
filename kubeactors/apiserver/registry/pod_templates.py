"""Kinds whose spec has a pod template.

Source: the strategies below pkg/registry/{apps,batch,core} (v1.36), which call DropDisabledTemplateFields.
"""

from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from kubeactors.api.core.v1.disabled import without_disabled_template_fields
from kubeactors.api.core.v1.pod import PodTemplateSpec
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apiserver.registry.strategy import WithStatus

T = TypeVar("T", bound=TypedObject)


class WithTemplate(WithStatus[T]):
    """A kind with `spec.template`: fields of disabled features are dropped from it."""

    def prepare_for_create(self, new: T) -> T:
        """No status; generation 1."""
        return super().prepare_for_create(_without_disabled_fields(new, None))

    def prepare_for_update(self, new: T, old: T) -> T:
        """Keep the status; count changes of the spec."""
        return super().prepare_for_update(_without_disabled_fields(new, old), old)


def _without_disabled_fields(new: T, old: T | None) -> T:
    spec: object = getattr(new, "spec")  # noqa: B009  T has one, its bound does not say so
    template = _template_of(new)
    if template is None or not isinstance(spec, Struct):
        return new
    made = without_disabled_template_fields(template, None if old is None else _template_of(old))
    return new if made is template else replace(new, spec=replace(spec, template=made))


def _template_of(value: TypedObject) -> PodTemplateSpec | None:
    spec: object = getattr(value, "spec")  # noqa: B009  as above
    template = getattr(spec, "template", None)
    return template if isinstance(template, PodTemplateSpec) else None
