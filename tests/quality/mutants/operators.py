"""An operator with a bug for each way in which its view differs from the state.

Source: Sun et al., "Automatic Reliability Testing for Cluster Management Controllers" (OSDI 2022), and what it has found.
"""

from contextlib import AbstractContextManager, ExitStack
from unittest.mock import patch

from msgspec.structs import replace

from kubeactors.api.core.v1 import ConfigMap, PersistentVolumeClaim, Pod
from kubeactors.apimachinery.requests import MERGE_PATCH
from kubeactors.sim import OperatorClient
from tests.quality import databases


def operators_trust_old_caches() -> AbstractContextManager[object]:
    """A stale cache after a restart is trusted: members that users want are deleted."""

    async def look(client: OperatorClient, namespace: str, name: str) -> ConfigMap | None:
        return client.cached(ConfigMap).get(name, namespace)

    async def decide(client: OperatorClient, found: ConfigMap) -> ConfigMap:
        data = {**found.data, databases.KEPT: found.data[databases.MEMBERS]}
        if data != found.data:
            metadata = found.metadata
            change = {"data": {databases.KEPT: found.data[databases.MEMBERS]}}
            await client.patch(ConfigMap, metadata.name, change, metadata.namespace, patch_type=MERGE_PATCH)
        return replace(found, data=data)

    stack = ExitStack()
    stack.enter_context(patch.object(databases, "look", look))
    stack.enter_context(patch.object(databases, "decide", decide))
    return stack


def operators_take_the_first_half_for_the_whole() -> AbstractContextManager[object]:
    """A member with a claim is taken for complete: after a crash between the two creates its pod is never created."""

    async def complete(client: OperatorClient, found: ConfigMap, number: int) -> None:
        claim = databases.claim_of(found, number)
        name, namespace = claim.metadata.name, claim.metadata.namespace
        if await client.find(Pod, name, namespace) is not None:
            client.memory[name] = True
        elif name in client.memory or await client.find(PersistentVolumeClaim, name, namespace) is None:
            await genuine(client, found, number)

    genuine = databases.complete
    return patch.object(databases, "complete", complete)


def operators_wait_for_what_they_may_never_see() -> AbstractContextManager[object]:
    """A claim is deleted when its pod is seen terminating: if the pod is deleted unseen, its claim is left behind."""

    async def retire(client: OperatorClient, namespace: str, name: str) -> None:
        pod = client.cached(Pod).get(name, namespace)
        if pod is not None and pod.metadata.deletion_timestamp is not None:
            await databases._remove(client, PersistentVolumeClaim, namespace, name)
        else:
            await databases._remove(client, Pod, namespace, name)

    return patch.object(databases, "retire", retire)
