"""The schema for field ownership of a structural schema.

Source: kube-openapi/pkg/schemaconv, structured-merge-diff/schema (v1.36).
"""

from kubeactors.apimachinery.managedfields.schema import (
    BOOLEAN,
    DEDUCED,
    LIST,
    MAP,
    NUMERIC,
    SCALAR,
    STRING,
    Node,
    schema_of,
)
from kubeactors.apimachinery.meta import ObjectMeta, TypedObject
from kubeactors.apimachinery.structural.node import Structural

_SCALARS = {"string": STRING, "integer": NUMERIC, "number": NUMERIC, "boolean": BOOLEAN}


def ownership_of(schema: Structural) -> Node:
    """The schema of a whole object: its fields, and the type and metadata that every object has.

    >>> made = ownership_of(Structural({"type": "object", "properties": {"spec": {"type": "object"}}}))
    >>> sorted(made.fields)
    ['apiVersion', 'kind', 'metadata', 'spec']
    """
    made = _node(schema)
    for name, node in schema_of(TypedObject).fields.items():
        made.fields[name] = node
    return made


def _node(schema: Structural) -> Node:
    if schema.type == "array" and schema.items is not None:
        return _list(schema)
    if schema.type == "object" or schema.properties or schema.preserve:
        return _map(schema)
    return Node(SCALAR, scalar=_SCALARS[schema.type]) if schema.type in _SCALARS else Node(SCALAR)


def _list(schema: Structural) -> Node:
    assert schema.items is not None, "a list has items"
    made = Node(LIST, atomic=schema.list_type not in ("set", "map"))
    made.element = _node(schema.items)
    made.keys = schema.map_keys if schema.list_type == "map" else ()
    made.defaults = {
        name: one.default for name, one in schema.items.properties.items() if name in made.keys and one.has_default
    }
    return made


def _map(schema: Structural) -> Node:
    made = Node(MAP, atomic=schema.map_type == "atomic")
    made.fields = {name: _node(one) for name, one in schema.properties.items()}
    if isinstance(schema.additional, Structural):
        made.element = _node(schema.additional)
    elif schema.preserve or schema.additional is True:
        made.element = DEDUCED
    if schema.embedded:
        made.fields["metadata"] = schema_of(ObjectMeta)
    return made
