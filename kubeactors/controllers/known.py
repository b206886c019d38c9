"""The newest known state of an object that a controller reconciles."""

from typing import TypeVar

from kubeactors.apimachinery.meta import TypedObject
from kubeactors.client import Client, Controller, Overlay

T = TypeVar("T", bound=TypedObject)


async def known(controller: Controller, client: Client, own: Overlay[T], key: str, cached: T | None) -> T | None:
    """The cached object, or the controller's own last write of it; after a failed sync a live read.

    Kubernetes trusts its cache here, and retries until that has caught up.

    Returns:
        None if the object is gone, even if another one has its name by now.

    Raises:
        StatusError: the live read failed.
    """
    found = own.newest(key, cached)
    if found is None or not controller.in_doubt(key):
        return found
    live = await client.again(found)
    if live is None:
        own.deleted(found)
        return None
    return own.wrote(key, live)
