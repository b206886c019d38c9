"""The operator that tests fuzz, with bugs and without: a shop is a ConfigMap with the number of pods that it wants."""

from msgspec.structs import replace

from kubeactors.api.core.v1 import ConfigMap, Pod
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.status import NotFound
from kubeactors.client import Client, controller_reference, is_controlled_by, split_key
from kubeactors.sim import ClusterView, OperatorClient
from kubeactors.testing import make_pod_spec

SHOPS = {"shop": "yes"}


def pods_of(shop: ConfigMap, pods: tuple[Pod, ...]) -> list[Pod]:
    return [one for one in pods if is_controlled_by(one.metadata, shop.metadata.uid)]


async def add_pods(client: OperatorClient, key: str) -> None:
    """Never deletes pods, and trusts its cache."""
    namespace, name = split_key(key)
    shop = client.cached(ConfigMap).get(name, namespace)
    if shop is None or "pods" not in shop.data:
        return
    missing = int(shop.data["pods"]) - len(pods_of(shop, tuple(client.cached(Pod))))
    for _ in range(missing):
        owners = (controller_reference(shop),)
        metadata = ObjectMeta(generate_name=f"{name}-", namespace=namespace, owner_references=owners)
        await client.create(Pod(metadata=metadata, spec=make_pod_spec()))


async def keep_pods(client: OperatorClient, key: str) -> float | None:
    """Reads live, and gives pods unique names."""
    namespace, name = split_key(key)
    shop = await client.find(ConfigMap, name, namespace)
    if shop is None or "pods" not in shop.data:
        return None
    wanted = {f"{name}-{number}" for number in range(int(shop.data["pods"]))}
    found = pods_of(shop, (await client.list(Pod, namespace)).items)
    present = {one.metadata.name for one in found}
    for one in sorted(wanted - present):
        metadata = ObjectMeta(name=one, namespace=namespace, owner_references=(controller_reference(shop),))
        await client.create(Pod(metadata=metadata, spec=make_pod_spec()))
    for pod in found:
        if pod.metadata.name not in wanted and pod.metadata.deletion_timestamp is None:
            try:
                await client.delete(Pod, pod.metadata.name, namespace)
            except NotFound:
                continue
    return None


async def order(client: Client, shop: str, pods: int) -> None:
    """A user wants so many pods."""
    live = await client.find(ConfigMap, shop, "default")
    if live is None:
        metadata = ObjectMeta(name=shop, namespace="default", labels=SHOPS)
        await client.create(ConfigMap(metadata=metadata, data={"pods": str(pods)}))
    else:
        await client.update(replace(live, data={"pods": str(pods)}))


async def close(client: Client, shop: str) -> None:
    """A user deletes the shop."""
    await client.delete(ConfigMap, shop, "default")


def shops_have_their_pods(cluster: ClusterView) -> None:
    pods = cluster.list(Pod, "default")
    for shop in cluster.list(ConfigMap, "default", labels=SHOPS):
        found = len(pods_of(shop, pods))
        wanted = shop.data["pods"]
        assert str(found) == wanted, f"{shop.metadata.name} has {found} pods, and wants {wanted}"
