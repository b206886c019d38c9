"""Topology constraints of storage, by node labels.

Source: k8s.io/api/core/v1/types.go (v1.36).
"""

from typing import ClassVar

from kubeactors.apimachinery.meta import Object, always


class TopologySelectorLabelRequirement(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A label with one of these values."""

    key: str = always("")
    values: tuple[str, ...] | None = always(None)


class TopologySelectorTerm(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Requirements that must all hold."""

    atomic: ClassVar[bool] = True
    match_label_expressions: tuple[TopologySelectorLabelRequirement, ...] = ()
