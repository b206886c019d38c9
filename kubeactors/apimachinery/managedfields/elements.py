"""Path elements of list items, as in field sets and in messages.

Source: structured-merge-diff/fieldpath/{element,serialize-pe}.go, typed/helpers.go (v1.36).
"""

from typing import cast

import msgspec

from kubeactors.apimachinery.field import quoted
from kubeactors.apimachinery.managedfields.schema import Node

_json = msgspec.json.Encoder(order="deterministic").encode


class ElementError(ValueError):
    """The item has no unique element; the message is structured-merge-diff's."""


def field(name: str) -> str:
    """The element of a map's entry.

    >>> field("spec")
    'f:spec'
    """
    return f"f:{name}"


def item_of(node: Node, item: object) -> str:
    """The element of an item in a list that is not atomic.

    Raises:
        ElementError: it lacks a key, or is not a scalar in a set of scalars.

    >>> ports = Node("list")
    >>> ports.keys, ports.defaults = ("port", "protocol"), {"protocol": "TCP"}
    >>> item_of(ports, {"port": 80}), item_of(Node("list"), "a")
    ('k:{"port":80,"protocol":"TCP"}', 'v:"a"')
    """
    if not node.keys:
        return _of_set(item)
    if item is None:
        raise ElementError("associative list with keys may not have a null element")
    if not isinstance(item, dict):
        raise ElementError("associative list with keys may not have non-map elements")
    members = cast("dict[str, object]", item)
    keys = {name: members.get(name, node.defaults.get(name)) for name in node.keys}
    known = {name: value for name, value in keys.items() if value is not None or name in members}
    if not known:
        named = " ".join(map(quoted, node.keys))
        raise ElementError(
            f"associative list with keys has an element that omits all key fields [{named}] "
            "(and doesn't have default values for any key fields)"
        )
    return f"k:{_json(known).decode()}"


def _of_set(item: object) -> str:
    if isinstance(item, dict):
        raise ElementError("associative list without keys has an element that's a map type")
    if isinstance(item, list):
        raise ElementError("not supported: associative list with lists as elements")
    if item is None:
        raise ElementError("associative list without keys has an element that's an explicit null")
    return f"v:{_json(item).decode()}"


def shown(element: str) -> str:
    """An element as a part of a path in a message.

    >>> shown("f:spec"), shown('k:{"name":"c","port":80}'), shown('v:"x"')
    ('.spec', '[name="c",port=80]', '[="x"]')
    """
    kind, _, text = element.partition(":")
    if kind == "f":
        return f".{text}"
    if kind == "k":
        keys = cast("dict[str, object]", msgspec.json.decode(text))
        return f"[{','.join(f'{name}={_json(value).decode()}' for name, value in sorted(keys.items()))}]"
    return f"[={text}]" if kind == "v" else f"[{text}]"
