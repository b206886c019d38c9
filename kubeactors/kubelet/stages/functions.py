"""The functions of stages' templates: those of Go and sprig that stages use, and KWOK's.

Go and sprig: `and` `or` `not` `eq` `ne` `lt` `le` `gt` `ge` `index` `len` `print` `printf` (`%s`, `%d`, `%v`, `%q`)
`dict` `default`. KWOK: `Quote` `Now` `StartTime` `YAML` `Version` `NodeConditions` `NodeIP` `NodeName` `NodePort`
`NodeIPWith` `NodeIPsWith` `PodIP` `PodIPWith` `PodIPsWith`. Those that depend on time or node use `Surroundings`.

Source: Go text/template (1.24); sigs.k8s.io/kwok pkg/utils/gotpl/funcs.go, pkg/kwok/controllers/pod_controller.go (v0.8).
"""

import json
import operator
import re
from collections.abc import Mapping, Sequence
from typing import Protocol, cast

import yaml

from kubeactors.kubelet.node_status import HEALTHY, KUBELET_PORT
from kubeactors.kubelet.stages.pipeline import Function, is_true, shown

VERSION = "v0.8.0"
"""The version of KWOK whose stages are supported."""
NETWORK = ("NetworkUnavailable", "False", "RouteCreated", "RouteController created a route")
_verb = re.compile(r"%([sdvq%])")


class Surroundings(Protocol):
    """The external state that templates can use."""

    def now(self) -> str:
        """The present time, as in an object."""
        ...

    def node_ip(self, node: str) -> str:
        """The address of a node."""
        ...

    def pod_ip(self, node: str, uid: str) -> str:
        """The address of a pod on the node, which is stable until the pod is gone."""
        ...


def node_conditions() -> list[dict[str, str]]:
    """The conditions of a healthy node; Ready first."""
    rows = sorted((*HEALTHY, NETWORK), key=lambda row: row[0] != "Ready")
    return [{"type": row[0], "status": row[1], "reason": row[2], "message": row[3]} for row in rows]


def quote(value: object) -> str:
    """A value as a JSON string.

    >>> quote("a"), quote(1)
    ('"a"', '"1"')
    """
    return json.dumps(value if isinstance(value, str) else shown(value), ensure_ascii=False)


def index(value: object, *keys: object) -> object:
    """The value under the keys in turn; nil if there is none."""
    for key in keys:
        if isinstance(value, Mapping):
            value = cast("Mapping[object, object]", value).get(key)
        elif isinstance(value, Sequence) and not isinstance(value, str) and isinstance(key, int):
            items = cast("Sequence[object]", value)
            value = items[key] if 0 <= key < len(items) else None
        else:
            return None
    return value


def printf(form: object, *values: object) -> str:
    """Go's `printf`, for strings, numbers and quoted strings.

    >>> printf("%s-%d%%", "a", 3)
    'a-3%'
    """
    left = iter(values)

    def one(found: re.Match[str]) -> str:
        if found[1] == "%":
            return "%"
        value = next(left, None)
        return quote(value) if found[1] == "q" else shown(value)

    return _verb.sub(one, str(form))


def as_yaml(value: object, indent: int = 0) -> str:
    """A value as YAML, on lines of its own, indented by twice `indent` spaces."""
    text = yaml.dump(value, Dumper=yaml.CSafeDumper, default_flow_style=False, allow_unicode=True)
    pad = " " * (2 * indent)
    return f"\n{text}".replace("\n", f"\n{pad}") if indent else text


def _first(*values: object) -> object:
    return next((one for one in values if is_true(one)), values[-1])


def _last(*values: object) -> object:
    return next((one for one in values if not is_true(one)), values[-1])


def _dict(*pairs: object) -> dict[object, object]:
    return dict(zip(pairs[::2], pairs[1::2], strict=False))


def _compare(sign: str) -> Function:
    signs = {"lt": (-1,), "le": (-1, 0), "gt": (1,), "ge": (0, 1)}[sign]

    def compare(one: float | str, other: float | str) -> bool:
        return ((one > other) - (one < other)) in signs  # type: ignore[operator]

    return compare


def _not(value: object) -> bool:
    return not is_true(value)


def _equal(one: object, *others: object) -> bool:
    return any(one == other for other in others)


def _default(usual: object, value: object = None) -> object:
    return value if is_true(value) else usual


def _printed(*values: object) -> str:
    return "".join(map(shown, values))


def _somewhere(*_: object) -> object:
    raise ValueError("it is known only while a stage is played")


GENERAL: dict[str, Function] = {
    "and": _last,
    "or": _first,
    "not": _not,
    "eq": _equal,
    "ne": operator.ne,
    **{sign: _compare(sign) for sign in ("lt", "le", "gt", "ge")},
    "index": index,
    "len": len,
    "print": _printed,
    "printf": printf,
    "dict": _dict,
    "default": _default,
    "Quote": quote,
    "YAML": as_yaml,
    "Version": lambda: VERSION,
    "NodeConditions": node_conditions,
    "NodePort": lambda: KUBELET_PORT,
}
LOCAL = (
    "Now",
    "StartTime",
    "NodeIP",
    "NodeName",
    "NodeIPWith",
    "NodeIPsWith",
    "PodIP",
    "PodIPWith",
    "PodIPsWith",
)
ALL: dict[str, Function] = {**GENERAL, **dict.fromkeys(LOCAL, _somewhere)}
"""The functions of templates, by name."""


def local(world: Surroundings, node: str, uid: str) -> dict[str, Function]:
    """The functions that depend on the object: its node and its UID."""

    def pod_ip(name: object, host_network: object = False, pod: object = uid, *_: object) -> str:  # noqa: FBT002
        return world.node_ip(str(name)) if is_true(host_network) else world.pod_ip(str(name), str(pod))

    def node_ip(name: object = node) -> str:
        return world.node_ip(str(name))

    return {
        "Now": world.now,
        "StartTime": world.now,
        "NodeIP": lambda: world.node_ip(node),
        "NodeName": lambda: node,
        "NodeIPWith": node_ip,
        "NodeIPsWith": lambda *given: [one] if (one := node_ip(*given)) else [],
        "PodIP": lambda: world.pod_ip(node, uid),
        "PodIPWith": pod_ip,
        "PodIPsWith": lambda *given: [one] if (one := pod_ip(*given)) else [],
    }
