"""Short descriptions of messages and objects."""

import re
from collections.abc import Sequence
from typing import cast

from kubeactors.api import SCHEME
from kubeactors.apimachinery.meta import HasMeta
from kubeactors.apimachinery.requests import ApiRequest, Create, Patch, RenewLeases, Update, WatchEvents
from kubeactors.client import Notify
from kubeactors.sim.plan import described
from kubeactors.sim.user import Perform
from kubeactors.storage import StoreEvents, Txn
from kubeactors.storage.messages import DeleteOp, PutOp

_ADDRESS = re.compile(r"<(?:built-in )?(?:function )?([\w.<>]+?)(?: object)? at 0x[0-9a-f]+>")
_BOUND = re.compile(r"<bound method ([\w.<>]+) of \w+>")
WIDTH = 240
"""Longer texts are cut."""
MOST = 4
"""Of longer lists only the first items are named."""


def resource_of(value: HasMeta) -> str:
    """The resource of a kind, in the plural; a guess for custom kinds."""
    kind = SCHEME.by_kind(value.api_version, value.kind)
    return kind.resource if kind is not None else f"{value.kind.lower()}s"


def name_of(value: HasMeta) -> str:
    """An object by its resource, namespace and name.

    >>> from kubeactors.api.core.v1 import Pod
    >>> from kubeactors.apimachinery.meta import ObjectMeta
    >>> name_of(Pod(metadata=ObjectMeta(name="web-0", namespace="default")))
    'pods/default/web-0'
    """
    metadata = value.metadata
    return "/".join(part for part in (resource_of(value), metadata.namespace, metadata.name) if part)


def summary_of(message: object) -> str:
    """A message in a few words."""
    match message:
        case WatchEvents():
            return _several([f"{one.type} {_versioned(one.object)}" for one in message.events])
        case Notify():
            return _several([f"{one.type} {_versioned(one.current)}" for one in message.changes])
        case StoreEvents():
            return _several([_stored(one.kv.key, one.kv.mod_revision, deleted=one.deleted) for one in message.events])
        case Perform():
            return described(message.action)
        case Txn():
            return _several([_operation(one) for one in message.success])
        case RenewLeases():
            return _several(message.names)
        case ApiRequest():
            return _request(cast("ApiRequest[object]", message))
        case _:
            return short(without_addresses(repr(message)))


def without_addresses(text: str) -> str:
    """The text with memory addresses reduced to the class or function, so that it is the same in every run.

    >>> without_addresses("(<a.b.Desk object at 0x7f3e>, <bound method Desk.open of <a.b.Desk object at 0x7f41>>)")
    '(Desk, open)'
    """
    for pattern in (_ADDRESS, _BOUND):
        text = pattern.sub(lambda found: found[1].rpartition(".")[2], text)
    return text


def short(text: str) -> str:
    r"""The text in one line, cut if it is long.

    >>> short("a\nb")
    'a b'
    """
    line = " ".join(text.split())
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 4]} ..."


def _request(message: "ApiRequest[object]") -> str:
    name = message.name
    if isinstance(message, Create | Update) and not name:
        metadata = message.object.metadata
        name = metadata.name or f"{metadata.generate_name}*"
    parts = (message.resource.resource, message.namespace, name, message.subresource)
    text = "/".join(part for part in parts if part)
    if isinstance(message, Update):
        text += f" at {message.object.metadata.resource_version or 'any revision'}"
    if isinstance(message, Patch):
        text += f" {message.patch.decode(errors='replace')}"
    return short(f"{text} as {message.user.name}" if message.user.name else text)


def _versioned(value: HasMeta) -> str:
    version = value.metadata.resource_version
    return f"{name_of(value)}@{version}" if version else name_of(value)


def _operation(operation: object) -> str:
    match operation:
        case PutOp():
            return f"put {operation.key.strip('/')}"
        case DeleteOp():
            return f"delete {operation.key.strip('/')}"
        case _:
            return f"read {getattr(operation, 'key', '')}"


def _stored(key: str, revision: int, *, deleted: bool) -> str:
    return f"{'DELETED ' if deleted else ''}{key.strip('/')}@{revision}"


def _several(texts: Sequence[str]) -> str:
    more = f" and {len(texts) - MOST} more" if len(texts) > MOST else ""
    return short(", ".join(texts[:MOST]) + more)
