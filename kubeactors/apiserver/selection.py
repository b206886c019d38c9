"""The part of a collection that a request sees: its scope and its selectors, as one predicate.

A selector of exactly one name, namespace or node narrows the scope; the cache has an index for each.
"""

from collections.abc import Callable
from typing import TypeAlias

import msgspec

from kubeactors.apimachinery import fieldselector, labels
from kubeactors.apimachinery.fieldselector import FieldSelector, FieldSelectorError
from kubeactors.apimachinery.labels import Selector
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requirement import SelectorError
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apimachinery.status import BadRequest

Predicate: TypeAlias = Callable[[TypedObject], bool]
NodeOf: TypeAlias = Callable[[TypedObject], str]
"""The node that an object is bound to; empty if none."""

NAME, NAMESPACE, NODE = "metadata.name", "metadata.namespace", "spec.nodeName"


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """The selected objects. An empty scope is any; `matches` None is all within the scope."""

    namespace: str = ""
    name: str = ""
    node: str = ""
    matches: Predicate | None = None
    selective: bool = False
    """Whether there is a selector; then the remaining items of a page cannot be counted."""

    @property
    def scope(self) -> tuple[str, str, str]:
        """Namespace, name and node."""
        return self.namespace, self.name, self.node

    def sees(self, value: TypedObject) -> bool:
        """Whether an object is in the scope and matches."""
        metadata = value.metadata
        return (
            (not self.namespace or metadata.namespace == self.namespace)
            and (not self.name or metadata.name == self.name)
            and (self.matches is None or self.matches(value))
        )


def select(
    kind: Kind[TypedObject], namespace: str, label_selector: str, field_selector: str, node_of: NodeOf | None = None
) -> Selection:
    """The selection of a request for a collection.

    Raises:
        BadRequest: a selector is malformed, or names a field that the kind does not support.
    """
    by_label, by_field = _parsed(label_selector, field_selector)
    if by_label.empty and by_field.empty:
        return Selection(namespace=namespace)
    _require_known(by_field, kind)
    wanted = by_field.exact(NAMESPACE) or ""
    if not namespace and kind.namespaced:
        namespace = wanted
    name = (by_field.exact(NAME) or "") if namespace or not kind.namespaced else ""
    node = (by_field.exact(NODE) or "") if node_of is not None and not name else ""
    return Selection(
        namespace=namespace,
        name=name,
        node=node,
        matches=_predicate(kind, by_label, by_field, node_of),
        selective=True,
    )


def _parsed(label_selector: str, field_selector: str) -> tuple[Selector, FieldSelector]:
    try:
        return labels.parse(label_selector), fieldselector.parse(field_selector)
    except (SelectorError, FieldSelectorError) as error:
        raise BadRequest.saying(str(error)) from error


def _require_known(selector: FieldSelector, kind: Kind[TypedObject]) -> None:
    if selector.empty:
        return
    try:
        fieldselector.require_known(selector, kind.fields(kind.type()))
    except FieldSelectorError as error:
        raise BadRequest.saying(str(error)) from error


def _predicate(
    kind: Kind[TypedObject], by_label: Selector, by_field: FieldSelector, node_of: NodeOf | None
) -> Predicate:
    field_matches = None if by_field.empty else _field_predicate(kind, by_field, node_of)
    if by_label.empty:
        assert field_matches is not None, "at least one selector is not empty"
        return field_matches
    label_matches = by_label.matches
    if field_matches is None:
        return lambda value: label_matches(value.metadata.labels)
    return lambda value: label_matches(value.metadata.labels) and field_matches(value)


def _field_predicate(kind: Kind[TypedObject], selector: FieldSelector, node_of: NodeOf | None) -> Predicate:
    """The most common selector, of one node, reads the node only."""
    terms = selector.terms
    if node_of is not None and len(terms) == 1 and terms[0].field == NODE and terms[0].equal:
        node = terms[0].value
        return lambda value: node_of(value) == node
    matches = selector.matches
    if all(one.field in (NAME, NAMESPACE) for one in terms):
        return lambda value: matches({NAME: value.metadata.name, NAMESPACE: value.metadata.namespace})
    fields = kind.fields
    return lambda value: matches({NAME: value.metadata.name, NAMESPACE: value.metadata.namespace, **fields(value)})
