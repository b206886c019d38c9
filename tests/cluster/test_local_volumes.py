"""Local volumes: directories of this machine that outlive pods, and are removed with their claims."""

import anyio
import anyio.lowlevel

from kubeactors import Cluster, ContainerContext
from kubeactors.api.core.v1 import PersistentVolumeClaim, Pod
from kubeactors.api.core.v1.persistentvolume import PersistentVolume
from kubeactors.apimachinery.meta import DeleteOptions
from kubeactors.cluster.spec import QUICK, ClusterSpec, NodePool
from kubeactors.controllers.persistentvolume.provisioner import LOCAL_PATH

SPEC = ClusterSpec(nodes=NodePool(count=2, start_latency_seconds=0.0), timing=QUICK)
CLASS = {
    "apiVersion": "storage.k8s.io/v1",
    "kind": "StorageClass",
    "metadata": {"name": "local"},
    "provisioner": LOCAL_PATH,
    "volumeBindingMode": "WaitForFirstConsumer",
}
CLAIM = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "metadata": {"name": "books"},
    "spec": {
        "storageClassName": "local",
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
    },
}
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "shop"},
    "spec": {
        "restartPolicy": "Never",
        "containers": [{"name": "c", "image": "shop", "volumeMounts": [{"name": "v", "mountPath": "/books"}]}],
        "volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "books"}}],
    },
}


async def test_files_outlive_pods_and_are_removed_with_the_claim() -> None:
    read: list[str] = []

    async def shop(container: ContainerContext) -> None:
        ledger = container.volumes["/books"] / "ledger"
        read.append(ledger.read_text() if ledger.exists() else "")
        ledger.write_text(read[-1] + "sold;")

    async with Cluster(spec=SPEC, images={"shop": shop}) as cluster:

        async def run() -> None:
            await cluster.apply(POD)
            async with cluster.watch("pods") as events:
                async for event in events:
                    if isinstance(event.object, Pod) and event.object.status.phase == "Succeeded":
                        break
            await cluster.client.delete(Pod, "shop", "default", options=DeleteOptions(grace_period_seconds=0))

        await cluster.apply(CLASS)
        await cluster.apply(CLAIM)
        await run()
        await run()
        assert read == ["", "sold;"]

        claim = await cluster.client.get(PersistentVolumeClaim, "books", "default")
        volume = await cluster.client.get(PersistentVolume, claim.spec.volume_name)
        assert volume.spec.host_path is not None
        assert volume.spec.node_affinity is not None
        directory = anyio.Path(volume.spec.host_path.path)
        assert await (directory / "ledger").read_text() == "sold;sold;"

        await cluster.client.delete(PersistentVolumeClaim, "books", "default")
        with anyio.fail_after(20):
            while await cluster.client.find(PersistentVolume, volume.metadata.name) or await directory.exists():
                await anyio.lowlevel.checkpoint()
        await cluster.apply(CLAIM)
        await run()
        assert read == ["", "sold;", ""]
