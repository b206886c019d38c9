"""A typical operator, for the bugs of operators: a database is a ConfigMap with its number of members.

Each member is a pod with its own claim. The data of a member is deleted only after the ConfigMap says so (`kept`), which is
written at the revision at which fewer members were wanted: so a stale cache loses no data.
"""

from typing import TypeVar
from weakref import WeakKeyDictionary

import msgspec
from hypothesis import strategies as st
from msgspec.structs import replace

from kubeactors.api.core.v1 import ConfigMap, PersistentVolumeClaim, Pod
from kubeactors.api.core.v1.volume import PersistentVolumeClaimSpec, VolumeResourceRequirements
from kubeactors.apimachinery.meta import DeleteOptions, ObjectMeta, Preconditions, TypedObject
from kubeactors.apimachinery.status import AlreadyExists, NotFound
from kubeactors.client import Client, controller_reference, split_key
from kubeactors.sim import ClusterView, OperatorClient, fuzz
from kubeactors.sim.operators.fuzzing import Fuzz
from kubeactors.testing import make_pod_spec

T = TypeVar("T", bound=TypedObject)

MEMBERS, KEPT = "members", "kept"
LABELS = {"database": "yes"}
NAMES = ("orders", "users")


async def look(client: OperatorClient, namespace: str, name: str) -> ConfigMap | None:
    """Read the database live."""
    return await client.find(ConfigMap, name, namespace)


async def decide(client: OperatorClient, found: ConfigMap) -> ConfigMap:
    """Write how many members keep their data; conflicts if the database has changed since it was read."""
    if found.data.get(KEPT) == found.data[MEMBERS]:
        return found
    return await client.update(replace(found, data={**found.data, KEPT: found.data[MEMBERS]}))


async def complete(client: OperatorClient, found: ConfigMap, number: int) -> None:
    """Create whatever a member lacks."""
    await _ensure(client, claim_of(found, number))
    await _ensure(client, pod_of(found, number))


async def retire(client: OperatorClient, namespace: str, name: str) -> None:
    """Delete a member and its data."""
    await _remove(client, Pod, namespace, name)
    await _remove(client, PersistentVolumeClaim, namespace, name)


async def reconcile(client: OperatorClient, key: str) -> None:
    """Create the wanted members, and retire the others."""
    namespace, name = split_key(key)
    found = await look(client, namespace, name)
    if found is None or MEMBERS not in found.data:
        return
    kept = await decide(client, found)
    for number in range(int(kept.data[KEPT])):
        await complete(client, kept, number)
    there = [
        *(await client.list(Pod, namespace, label_selector=f"app={name}")).items,
        *(await client.list(PersistentVolumeClaim, namespace, label_selector=f"app={name}")).items,
    ]
    for member in dict.fromkeys(one.metadata.name for one in there):
        if int(member.rpartition("-")[2]) >= int(kept.data[KEPT]):
            await retire(client, namespace, member)


def claim_of(found: ConfigMap, number: int) -> PersistentVolumeClaim:
    """The claim of a member."""
    resources = VolumeResourceRequirements(requests={"storage": "1Gi"})
    spec = PersistentVolumeClaimSpec(access_modes=("ReadWriteOnce",), resources=resources, storage_class_name="")
    return PersistentVolumeClaim(metadata=_metadata(found, number), spec=spec)


def pod_of(found: ConfigMap, number: int) -> Pod:
    """The pod of a member."""
    return Pod(metadata=_metadata(found, number), spec=make_pod_spec())


def _metadata(found: ConfigMap, number: int) -> ObjectMeta:
    name = found.metadata.name
    return ObjectMeta(
        name=f"{name}-{number}",
        namespace=found.metadata.namespace,
        labels={"app": name},
        owner_references=(controller_reference(found),),
    )


async def _ensure(client: OperatorClient, wanted: TypedObject) -> None:
    metadata = wanted.metadata
    if await client.find(type(wanted), metadata.name, metadata.namespace) is None:
        try:
            await client.create(wanted)
        except AlreadyExists:
            return


async def _remove(client: OperatorClient, type_: type[T], namespace: str, name: str) -> None:
    there = await client.find(type_, name, namespace)
    if there is None or there.metadata.deletion_timestamp is not None:
        return
    options = DeleteOptions(preconditions=Preconditions(uid=there.metadata.uid))
    try:
        await client.delete(type_, name, namespace, options=options)
    except NotFound:
        return


# Users, and what they rely on.


async def want(client: Client, name: str, members: int) -> None:
    """A user wants so many members."""
    live = await client.find(ConfigMap, name, "default")
    if live is None:
        metadata = ObjectMeta(name=name, namespace="default", labels=LABELS)
        await client.create(ConfigMap(metadata=metadata, data={MEMBERS: str(members)}))
    else:
        await client.update(replace(live, data={**live.data, MEMBERS: str(members)}))


async def fail(client: Client, name: str, number: int) -> None:
    """A member fails: its pod is deleted."""
    try:
        await client.delete(Pod, f"{name}-{number}", "default")
    except NotFound:
        return


class Seen(msgspec.Struct):
    """The state at the previous check."""

    kept: dict[str, int] = {}
    """By uid of a database."""
    claims: dict[str, PersistentVolumeClaim] = {}
    """By uid."""


_seen: WeakKeyDictionary[ClusterView, Seen] = WeakKeyDictionary()
"""By run."""


def only_what_is_unwanted_is_given_up(cluster: ClusterView) -> list[str]:
    """Fewer members are kept only when fewer are wanted, and the data of kept members is not deleted."""
    seen = _seen.setdefault(cluster, Seen())
    databases = {one.metadata.name: one for one in cluster.list(ConfigMap, "default", labels=LABELS)}
    claims = {one.metadata.uid: one for one in cluster.list(PersistentVolumeClaim, "default")}
    problems = [
        f"{_kept(one)} members of {name} are kept, and {one.data[MEMBERS]} are wanted"
        for name, one in databases.items()
        if seen.kept.get(one.metadata.uid, 0) > _kept(one) < int(one.data[MEMBERS])
    ]
    for uid, claim in seen.claims.items():
        name, _, number = claim.metadata.name.rpartition("-")
        kept = _kept(databases[name]) if name in databases else 0
        if not _is_going(claim) and _is_going(claims.get(uid)) and int(number) < kept:
            problems.append(f"what {claim.metadata.name} stores is deleted, and {kept} members are kept")
    seen.kept = {one.metadata.uid: _kept(one) for one in databases.values()}
    seen.claims = claims
    return problems


def _kept(found: ConfigMap) -> int:
    return int(found.data.get(KEPT, "0"))


def _is_going(claim: PersistentVolumeClaim | None) -> bool:
    return claim is None or claim.metadata.deletion_timestamp is not None


def databases_are_whole(cluster: ClusterView) -> list[str]:
    """Each database has exactly its members, complete, and nothing else exists."""
    problems: list[str] = []
    for found in cluster.list(ConfigMap, "default", labels=LABELS):
        name = found.metadata.name
        wanted = [f"{name}-{number}" for number in range(int(found.data[MEMBERS]))]
        for type_ in (Pod, PersistentVolumeClaim):
            there = [one.metadata.name for one in cluster.list(type_, "default", labels={"app": name})]
            if there != wanted:
                problems.append(f"{name} has the {type_.__name__}s {there}, and wants {wanted}")
    return problems


_names = st.sampled_from(NAMES)
campaign = fuzz(
    reconcile,
    watches=ConfigMap,
    owns=(Pod, PersistentVolumeClaim),
    actions={
        want: {"name": _names, "members": st.integers(0, 4)},
        fail: {"name": _names, "number": st.integers(0, 3)},
    },
    always=only_what_is_unwanted_is_given_up,
)(databases_are_whole)

FUZZ: Fuzz = campaign.__dict__["fuzz"]
"""The campaign as data."""
