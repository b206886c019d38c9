"""Get and list, from the cache or from the store, depending on the resource version of the request.

    resource version   get                    list
    (none)             from the store         from the cache, once it has reached the store's revision
    "0"                from the cache         from the cache; limits are ignored
    N                  cached, N or newer     cached, N or newer; from the store at N if Exact, or with a limit

Source: apiserver/pkg/storage/cacher/delegator.go, apiserver/pkg/storage/etcd3/store.go (v1.36).
"""

from itertools import islice
from typing import Protocol, cast

import msgspec

from kubeactors.actor import Ref
from kubeactors.apimachinery.field import invalid as invalid_field
from kubeactors.apimachinery.meta import ListMeta, TypedObject
from kubeactors.apimachinery.requests import Get, ListOptions, ListResult
from kubeactors.apimachinery.status import (
    BadRequest,
    Expired,
    StatusCause,
    StatusDetails,
    StatusError,
    Timeout,
)
from kubeactors.apiserver.keys import key_of_object
from kubeactors.apiserver.pages import NEWEST, decode_continue, encode_continue, expired_page
from kubeactors.apiserver.registry.resource import Resource
from kubeactors.apiserver.registry.storage import Stored
from kubeactors.apiserver.selection import Selection
from kubeactors.storage.messages import (
    Compacted,
    FutureRevision,
    Range,
    RangeOp,
    RangeReply,
    StoreMessage,
    prefix_end,
)

CHUNK = 500
"""The number of objects read from the store at a time when a selector filters them."""


class Freshness(Protocol):
    """Tells how far the cache has advanced, and waits for it."""

    @property
    def revision(self) -> int:
        """The revision that the cache has reached."""
        ...

    async def reach(self, revision: int) -> None:
        """Wait until the cache has reached a revision.

        Raises:
            Timeout: it did not in time.
        """
        ...

    async def catch_up(self) -> None:
        """Wait until the cache has reached the store's current revision."""
        ...


class _Page(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a list from the store: keys from `start` to the end of `root`, at a revision (0: the current one)."""

    root: str
    start: str
    revision: int
    limit: int
    continued: bool


def parse_version(text: str) -> int:
    """The revision of a resource version; 0 for none.

    Raises:
        ValueError: it is not a number; the message is Go's.

    >>> parse_version(""), parse_version("7")
    (0, 7)
    """
    if not text:
        return 0
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f'strconv.ParseUint: parsing "{text}": invalid syntax')
    number = int(text)
    if number >= 1 << 64:
        raise ValueError(f'strconv.ParseUint: parsing "{text}": value out of range')
    return number


def too_large(wanted: int, current: int) -> StatusError:
    """The error for a revision that does not exist yet."""
    cause = StatusCause(reason="ResourceVersionTooLarge", message="Too large resource version")
    return Timeout.saying(
        f"Timeout: Too large resource version: {wanted}, current: {current}",
        StatusDetails(causes=(cause,), retry_after_seconds=1),
    )


class Reader:
    """Reads objects of any resource."""

    def __init__(self, store: Ref[StoreMessage], freshness: Freshness) -> None:
        self._store = store
        self._stored = Stored(store)
        self._freshness = freshness

    async def get(self, resource: Resource, request: Get) -> TypedObject:
        """One object.

        Raises:
            NotFound: there is none of that name.
            Timeout: the resource version did not come in time.
        """
        namespace, name = request.namespace, request.name
        if not request.resource_version:
            found = await self._stored.get(resource.key(namespace, name))
        else:
            await self._freshness.reach(_version(request.resource_version))
            found = resource.cached(namespace, name)
        if found is None:
            raise resource.missing(name)
        return found

    async def list(self, resource: Resource, namespace: str, options: ListOptions, selection: Selection) -> ListResult:
        """The objects of a selection, in key order.

        Raises:
            Expired: the resource version, or that of the continue token, is compacted.
            BadRequest: the resource version or the token is malformed.
            Timeout: the resource version did not come in time.
        """
        version = _version(options.resource_version)
        root = f"{resource.prefix}{namespace}/" if namespace else resource.prefix
        if options.continue_:
            if version:
                raise BadRequest.saying("specifying resource version is not allowed when using continue")
            start, revision = decode_continue(root, options.continue_)
            page = _Page(root=root, start=start, revision=revision, limit=options.limit, continued=True)
            return await self._from_store(selection, page)
        if version and _is_exact(options):
            page = _Page(root=root, start=root, revision=version, limit=options.limit, continued=False)
            return await self._from_store(selection, page)
        if not options.resource_version:
            await self._freshness.catch_up()
        else:
            await self._freshness.reach(version)
        limit = options.limit if options.resource_version != "0" else 0
        return self._from_cache(resource, root, selection, limit)

    def _from_cache(self, resource: Resource, root: str, selection: Selection, limit: int) -> ListResult:
        revision = self._freshness.revision
        found = resource.cache.objects.select(selection)
        if limit <= 0:
            return ListResult(metadata=ListMeta(resource_version=str(revision)), items=tuple(found))
        items = tuple(islice(found, limit))
        if next(found, None) is None:
            return ListResult(metadata=ListMeta(resource_version=str(revision)), items=items)
        left = None if selection.selective else resource.cache.objects.count(selection.namespace) - limit
        next_key = key_of_object(resource.prefix, items[-1]) + "\0"
        metadata = ListMeta(
            resource_version=str(revision),
            continue_=encode_continue(root, next_key, revision),
            remaining_item_count=left,
        )
        return ListResult(metadata=metadata, items=items)

    async def _from_store(self, selection: Selection, page: _Page) -> ListResult:
        """Read in chunks until the page is full: a selector may drop most of what is read."""
        revision = 0 if page.revision == NEWEST else page.revision
        items: list[TypedObject] = []
        start, left = page.start, 0
        while True:
            wanted = page.limit - len(items) if page.limit and not selection.selective else CHUNK if page.limit else 0
            reply = await self._read(page, start, revision, wanted)
            revision = revision or reply.revision
            seen = 0
            for kv in reply.kvs:
                seen += 1
                start = kv.key + "\0"
                value = cast("TypedObject", kv.value)
                if selection.sees(value):
                    items.append(value)
                    if len(items) == page.limit:
                        break
            left = reply.count - seen
            if not left or len(items) == page.limit:
                break
        metadata = ListMeta(resource_version=str(revision))
        if left:
            metadata = ListMeta(
                resource_version=str(revision),
                continue_=encode_continue(page.root, start, revision),
                remaining_item_count=None if selection.selective else left,
            )
        return ListResult(metadata=metadata, items=tuple(items))

    async def _read(self, page: _Page, start: str, revision: int, limit: int) -> RangeReply:
        op = RangeOp(key=start, range_end=prefix_end(page.root), revision=revision, limit=limit)
        reply = await self._store.ask(Range(op=op))
        if isinstance(reply, Compacted):
            if page.continued:
                raise expired_page(page.root, page.start)
            raise Expired.saying("The resourceVersion for the provided list is too old.")
        if isinstance(reply, FutureRevision):
            raise too_large(revision, reply.revision)
        return reply


def _is_exact(options: ListOptions) -> bool:
    match = options.resource_version_match
    return match == "Exact" or (not match and options.limit > 0)


def _version(text: str) -> int:
    try:
        return parse_version(text)
    except ValueError as error:
        wrong = invalid_field("resourceVersion", text, str(error))
        raise BadRequest.saying(f"invalid resource version: {wrong}") from error
