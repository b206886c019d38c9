"""Owners adopt what the server has, though their caches may be stale."""

from functools import partial

from msgspec.structs import replace

from kubeactors.api.core.v1 import ConfigMap
from kubeactors.apimachinery.labels import of_object
from kubeactors.client import controller_of
from kubeactors.controllers.adoption import adopt
from tests.client.door import Door
from tests.controllers.plane import meta, replica_set


def test_an_orphan_that_was_relabelled_behind_a_stale_cache_does_not_count_as_adopted() -> None:
    """A deletion that is based on the answer would pass its precondition."""
    door = Door()
    owner = door.create(replica_set())
    kept, lost = (door.create(ConfigMap(metadata=meta(name, app="web"))) for name in ("kept", "lost"))
    door.change(lost, lambda one: replace(one, metadata=replace(one.metadata, labels={"app": "other"})))
    adopted = door.do(partial(adopt, door.client, owner, of_object(owner.spec.selector), (kept, lost)))
    assert adopted == (door.get(ConfigMap, "kept"),)
    owners = [controller_of(door.get(ConfigMap, name).metadata) for name in ("kept", "lost")]
    assert [one.uid for one in owners if one is not None] == [owner.metadata.uid] * 2
