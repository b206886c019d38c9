"""Where storage may be: terms about the labels of nodes.

Source: k8s.io/api/core/v1/types.go (v1.36).
"""

from typing import ClassVar

from kubeactors.apimachinery.meta import Object, always


class TopologySelectorLabelRequirement(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The label has one of these values."""

    key: str = always("")
    values: tuple[str, ...] | None = always(None)


class TopologySelectorTerm(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """All requirements hold."""

    atomic: ClassVar[bool] = True
    match_label_expressions: tuple[TopologySelectorLabelRequirement, ...] = ()
