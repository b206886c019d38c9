"""The objects of a simulated cluster, as `kubectl get` shows them."""

from collections.abc import Sequence

import yaml

from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.serializer import to_builtins
from kubeactors.cli.tables import kubectl_table
from kubeactors.sim.explain.summaries import name_of
from kubeactors.sim.explain.why import UnknownObject, matches, nearest, resources
from kubeactors.sim.world import World


def shown(world: World, wanted: str, wall: int) -> str:
    """A table of all objects of a kind, or one object as YAML.

    Args:
        world: the cluster.
        wanted: `pods`, or an object as for `why`: `pods/default/web-0`, `pod/web-0` or `web-0`.
        wall: Unix time in nanoseconds, for ages.

    Raises:
        UnknownObject: there is no such object.
    """
    there = {name_of(one): one for _, one in world.everything()}
    of_kind = [one for key, one in sorted(there.items()) if key.partition("/")[0] in resources(wanted)]
    if of_kind:
        return "\n".join(_table(of_kind, wall))
    found = matches(there, wanted)
    if not found:
        raise UnknownObject(f"{wanted} is not there; there are {', '.join(nearest(there, wanted))}")
    return yaml.safe_dump(to_builtins(there[found[0]]), sort_keys=False).rstrip()


def _table(objects: Sequence[TypedObject], wall: int) -> list[str]:
    return kubectl_table(objects, wall, wide=True, namespaces=len({one.metadata.namespace for one in objects}) > 1)
