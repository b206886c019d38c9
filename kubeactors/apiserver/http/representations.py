"""The representations of objects: the object itself, a row of a Table, or its metadata only.

Source: apiserver/pkg/endpoints/handlers/response.go (v1.36).
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Protocol, TypeAlias

import msgspec

from kubeactors.api import printers
from kubeactors.api.printers import Cells, Column, RowCondition
from kubeactors.apimachinery.field import invalid
from kubeactors.apimachinery.meta import HasMeta, ListMeta, TypedObject
from kubeactors.apimachinery.requests import ListResult, WatchEvent
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apimachinery.serializer import encode, opening
from kubeactors.apimachinery.status import BadRequest, NotAcceptable, StatusError
from kubeactors.apiserver.http.bodies import package_of
from kubeactors.apiserver.http.encodings import Encodings
from kubeactors.apiserver.http.negotiation import Target
from kubeactors.apiserver.http.query import Query

Clock: TypeAlias = Callable[[], int]
"""Unix time in nanoseconds."""

INITIAL_EVENTS_END = "k8s.io/initial-events-end"
_INCLUDED = ("", "Metadata", "Object", "None")


class Representation(Protocol):
    """How objects are encoded for a request."""

    def of_object(self, obj: HasMeta) -> bytes:
        """An object as JSON, in a response or an event."""
        ...

    def of_list(self, reply: ListResult) -> list[bytes]:
        """A list as JSON, in pieces: most of it is large, and encoded already."""
        ...


def representation(
    kind: Kind[TypedObject], target: Target | None, query: Query, clock: Clock, encodings: Encodings
) -> Representation:
    """The representation of a kind for a client that accepts this target.

    Raises:
        BadRequest: `includeObject` of a Table is not valid.
    """
    if target is None:
        return AsIs(kind, encodings)
    if target.kind != "Table":
        return AsMetadata(kind, target)
    include = query.text("includeObject")
    if include not in _INCLUDED:
        error = invalid("includeObject", include, "must be 'Metadata', 'Object', 'None', or empty")
        raise BadRequest.saying(f"Unable to convert to Table as requested: {error}")
    return AsTable(kind, target, include, clock)


class AsIs:
    """The object itself."""

    def __init__(self, kind: Kind[TypedObject], encodings: Encodings) -> None:
        self._kind = kind
        self._encodings = encodings

    def of_object(self, obj: HasMeta) -> bytes:
        """With apiVersion and kind first."""
        if obj.metadata.resource_version:  # stored: the encoding is shared with lists and watches
            return self._encodings.document(obj)
        return encode(_struct(obj))

    def of_list(self, reply: ListResult) -> list[bytes]:
        """Items have no apiVersion and kind: those of the list imply them."""
        kind = self._kind
        metadata = _json(reply.metadata)
        # Kubernetes keeps custom resources as maps, whose lists omit nothing.
        if kind.custom and not reply.metadata.continue_:
            metadata = metadata.replace(b"{", b'{"continue":"",', 1) if len(metadata) > 2 else b'{"continue":""}'
        items = map(self._encodings.tail, reply.items)
        return _document(kind.list_kind or f"{kind.kind}List", kind.api_version, metadata, items)


class AsMetadata:
    """Metadata only."""

    def __init__(self, kind: Kind[TypedObject], target: Target) -> None:
        self._kind = kind
        self._target = target

    def of_object(self, obj: HasMeta) -> bytes:
        """A PartialObjectMetadata."""
        if self._target.kind != "PartialObjectMetadata":
            raise _unfit(f"you requested {self._target.kind}, but the requested object is not a list", self._kind, "")
        return partial(obj, self._target.api_version)

    def of_list(self, reply: ListResult) -> list[bytes]:
        """A PartialObjectMetadataList."""
        if self._target.kind != "PartialObjectMetadataList":
            raise _unfit(f"you requested {self._target.kind}, but the requested object is a list", self._kind, "List")
        items = (partial(item, self._target.api_version)[1:] for item in reply.items)
        return _document(self._target.kind, self._target.api_version, _json(reply.metadata), items)


class _Row(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    cells: Cells
    object: msgspec.Raw | None
    conditions: tuple[RowCondition, ...] = ()


class _Table(msgspec.Struct, frozen=True, rename="camel", gc=False):
    kind: str
    api_version: str
    metadata: ListMeta
    column_definitions: tuple[Column, ...] | None
    rows: list[_Row]


class AsTable:
    """Rows of a Table. In a watch each event has a Table, of which only the first has column definitions."""

    def __init__(self, kind: Kind[TypedObject], target: Target, include: str, clock: Clock) -> None:
        self._kind = kind
        self._target = target
        self._include = include
        self._clock = clock
        self._printer = printers.of(kind)
        self._columns: tuple[Column, ...] | None = self._printer.columns

    def of_object(self, obj: HasMeta) -> bytes:
        """A Table with one row. Later ones have no columns."""
        if not isinstance(obj, self._kind.type):  # of a subresource, such as a Scale
            self._printer = printers.of_type(type(obj))
            self._columns = self._printer.columns
        table = self._table(ListMeta(resource_version=obj.metadata.resource_version), (obj,))
        self._columns = None
        return table

    def of_list(self, reply: ListResult) -> list[bytes]:
        """A Table with a row for each item."""
        return [self._table(reply.metadata, reply.items)]

    def _table(self, metadata: ListMeta, items: tuple[HasMeta, ...]) -> bytes:
        now = self._clock()
        rows = [self._row(one, now) for one in items]
        return _json(_Table("Table", self._target.api_version, metadata, self._columns, rows))

    def _row(self, obj: HasMeta, now: int) -> _Row:
        return _Row(self._printer.cells(obj, now), self._included(obj), self._printer.conditions(obj))

    def _included(self, obj: HasMeta) -> msgspec.Raw | None:
        if self._include == "Object":
            return msgspec.Raw(encode(_struct(obj)))
        if self._include == "None" and INITIAL_EVENTS_END not in obj.metadata.annotations:
            return None
        return msgspec.Raw(partial(obj, self._target.api_version))


Pieces: TypeAlias = tuple[bytes, ...]
"""Parts of a text that are joined when it is sent."""


def line_of(event: WatchEvent, obj: bytes) -> Pieces:
    r"""The line of an event with an encoded object.

    >>> b"".join(line_of(WatchEvent("ADDED", TypedObject()), b"{}"))
    b'{"type":"ADDED","object":{}}\n'
    """
    return _event_head(event.type), obj, _EVENT_TAIL


def line_as_is(event: WatchEvent, encodings: Encodings) -> Pieces:
    """The line of an event with the object itself. Its bytes are those of lists; nothing is copied."""
    tail = encodings.tail(event.object)
    return _event_head(event.type), opening(event.object, tail), tail, _EVENT_TAIL


_EVENT_TAIL = b"}\n"


@lru_cache(maxsize=16)
def _event_head(type_: str) -> bytes:
    return b'{"type":"%s","object":' % type_.encode()


def partial(obj: HasMeta, api_version: str) -> bytes:
    """An object as a PartialObjectMetadata."""
    prefix = f'{{"kind":"PartialObjectMetadata","apiVersion":"{api_version}","metadata":'.encode()
    return prefix + _json(obj.metadata) + b"}"


_HEAD_PIECES = 3
_json = msgspec.json.Encoder().encode


def _document(kind: str, api_version: str, metadata: bytes, tails: Iterable[bytes]) -> list[bytes]:
    """A list, given its items without their opening braces."""
    pieces = [f'{{"kind":"{kind}","apiVersion":"{api_version}","metadata":'.encode(), metadata, b',"items":[']
    for tail in tails:
        pieces += (b",{", tail)
    if len(pieces) > _HEAD_PIECES:
        pieces[_HEAD_PIECES] = b"{"
    pieces.append(b"]}")
    return pieces


def _struct(obj: HasMeta) -> msgspec.Struct:
    assert isinstance(obj, msgspec.Struct)
    return obj


def _unfit(message: str, kind: Kind[TypedObject], suffix: str) -> StatusError:
    return NotAcceptable.saying(f"{message} (*{package_of(kind.group)}.{kind.kind}{suffix})")
