"""Server-side apply of the objects of a manifest."""

from typing import TypeVar, cast

import anyio

from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import APPLY_PATCH, Patch, WriteOptions
from kubeactors.apimachinery.scheme import Kind, Scheme
from kubeactors.apimachinery.status import NotFound
from kubeactors.client import Client
from kubeactors.cluster.manifest import ManifestError, Written

T = TypeVar("T", bound=TypedObject)

DEFINED_SECONDS = 5.0
"""How long a custom kind may take until it is served after its definition was applied."""
OPTIONS = WriteOptions(field_manager="kubeactors", force=True)
"""The field manager of applied fields; it takes over fields that others have set to other values."""


async def apply(client: Client, scheme: Scheme, written: Written, namespace: str) -> TypedObject:
    """Apply an object of a manifest; `namespace` is the default for one that names none.

    Raises:
        ManifestError: the object has no name.
        NotFound: its kind is not served.
        StatusError: the API server rejects it.
    """
    kind = await _served(client, scheme, type(written.object))
    metadata = written.object.metadata
    if not metadata.name:
        raise ManifestError(f"this {kind.kind} has no name to apply it to; give it one, or create it by the client")
    request = Patch(
        resource=client.resource(kind.type),
        namespace=(metadata.namespace or namespace) if kind.namespaced else "",
        name=metadata.name,
        patch_type=APPLY_PATCH,
        patch=written.text,
        options=OPTIONS,
        user=client.user,
    )
    return cast("TypedObject", (await client.send(request)).object)


async def _served(client: Client, scheme: Scheme, type_: type[T]) -> Kind[T]:
    """The kind of a Struct. One that has just been defined is served soon.

    Raises:
        NotFound: it is not served in time.
    """
    deadline = anyio.current_time() + DEFINED_SECONDS
    while True:
        try:
            client.resource(type_)
        except NotFound:
            if anyio.current_time() >= deadline:
                raise
            await anyio.sleep(DEFINED_SECONDS / 500)
        else:
            return scheme.by_type(type_)
