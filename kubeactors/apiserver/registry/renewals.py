"""Batched renewal of node leases: many leases in one write.

A thousand idle nodes renew a hundred leases a second, and nothing but the renew time changes. Admission and validation
have nothing to check in that, so they are skipped. Each lease still is an object of its own with a new resource
version, and its watchers see it change.
"""

from msgspec.structs import replace

from kubeactors.api.coordination.v1 import Lease
from kubeactors.apimachinery.meta import MicroTime
from kubeactors.apimachinery.requests import RenewLeases
from kubeactors.apiserver.objects import revision_of
from kubeactors.apiserver.registry.resource import Resource
from kubeactors.apiserver.registry.storage import Stored
from kubeactors.storage.messages import Compare, PutOp


async def renew(stored: Stored, resource: Resource, request: RenewLeases) -> tuple[str, ...]:
    """Renew leases at one revision of the store.

    Returns:
        The names not renewed: the lease does not exist, or is held by somebody else; or all, if one of them was changed
        at the same moment.
    """
    compares: list[Compare] = []
    writes: list[PutOp] = []
    failed: list[str] = []
    for name in request.names:
        renewed = _renewed(resource, request.namespace, name, request.renew_time)
        if renewed is None:
            failed.append(name)
            continue
        key = resource.key(request.namespace, name)
        compares.append(Compare(key=key, mod_revision=revision_of(renewed)))
        writes.append(PutOp(key=key, value=renewed))
    if writes and not await stored.write_all(tuple(compares), tuple(writes)):
        return request.names
    return tuple(failed)


def _renewed(resource: Resource, namespace: str, name: str, time: MicroTime) -> Lease | None:
    current = resource.cached(namespace, name)
    if not isinstance(current, Lease) or current.spec.holder_identity != name:
        return None
    return replace(current, spec=replace(current.spec, renew_time=time))
