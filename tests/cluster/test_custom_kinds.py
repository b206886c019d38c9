"""Custom kinds in a cluster inside a program."""

import pytest

from kubeactors import Cluster
from kubeactors.apimachinery.status import NotFound
from kubeactors.apimachinery.unstructured import Unstructured, type_of_kind
from kubeactors.cluster import ManifestError

DEFINITION = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: shops.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: shops, singular: shop, kind: Shop, shortNames: [sh]}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
"""
SHOP = """
apiVersion: example.com/v1
kind: Shop
metadata: {name: corner}
spec: {size: 3, colour: red}
"""
Shop = type_of_kind("example.com/v1", "Shop")


async def test_a_manifest_may_define_a_kind_and_use_it() -> None:
    async with Cluster(nodes=0) as cluster:
        _, made = await cluster.apply(f"{DEFINITION}\n---\n{SHOP}")
        assert isinstance(made, Unstructured)
        assert (made.metadata.namespace, made.at("spec", "size")) == ("default", 3)


async def test_a_defined_kind_is_known_to_later_manifests() -> None:
    async with Cluster(nodes=0) as cluster:
        await cluster.apply(DEFINITION)
        await cluster.wait_for("crd/shops.example.com", "Established")
        await cluster.apply(SHOP)
        (changed,) = await cluster.apply({"apiVersion": "example.com/v1", "kind": "Shop", "metadata": {"name": "corner"},
                                          "spec": {"size": 4}})  # fmt: skip
        assert isinstance(changed, Unstructured)
        assert (changed.at("spec", "size"), changed.at("spec", "colour")) == (4, None)


async def test_custom_objects_can_be_waited_for_and_watched() -> None:
    async with Cluster(nodes=0) as cluster:
        await cluster.apply(f"{DEFINITION}\n---\n{SHOP}")
        patch = {"status": {"conditions": [{"type": "Open", "status": "True"}]}}
        await cluster.client.patch(
            Shop, "corner", patch, "default", patch_type="application/merge-patch+json", subresource="status"
        )
        opened = await cluster.wait_for("shop/corner", "Open", timeout=5)
        assert opened is not None
        async with cluster.watch("shops.example.com") as events:
            event = await anext(events)
            assert (event.type, event.object.metadata.name) == ("ADDED", "corner")
        await cluster.client.delete(Shop, "corner", "default")
        assert await cluster.wait_for("sh/corner", "Deleted", timeout=5) is None


async def test_an_undefined_kind_is_rejected() -> None:
    async with Cluster(nodes=0) as cluster:
        with pytest.raises(ManifestError, match=r'document 1: unknown kind "Shop" in version "example\.com/v1"'):
            await cluster.apply(SHOP)
        with pytest.raises(NotFound):
            await cluster.client.list(Shop)
