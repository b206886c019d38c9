"""Campaigns of operators whose behaviour depends on something no seed decides, as a file for the commands."""

from itertools import count

from kubeactors.api.core.v1 import ConfigMap
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.client import Client
from kubeactors.sim import ClusterView, OperatorClient, fuzz
from kubeactors.sim.operators.client import Misuse

_calls = count()
"""State of the module, kept from one run to the next."""
MOODY_EVERY = 7


async def open_shop(client: Client) -> None:
    await client.create(ConfigMap(metadata=ObjectMeta(name="shop", namespace="default"), data={}))


async def moody(_client: OperatorClient, _key: str) -> None:
    if next(_calls) % MOODY_EVERY == MOODY_EVERY - 1:
        raise ValueError("not today")


async def mistaken_later(client: OperatorClient, key: str) -> None:
    """Fails for every shop, and now and then misuses its client."""
    if key == "default/shop":
        raise ValueError("no shops")
    if client.random.random() < 1 / 100:
        raise Misuse("this cannot be asked for")


def nothing(_: ClusterView) -> None:
    """Always holds."""


of_moods = fuzz(moody, watches="configmaps", actions=[open_shop], nodes=1, kinds=[], scenarios=3)(nothing)
of_mistakes = fuzz(mistaken_later, watches="configmaps", actions=[open_shop], nodes=1, kinds=[])(nothing)
