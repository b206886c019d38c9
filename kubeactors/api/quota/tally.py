"""The current usage of a quota, updated change by change."""

from collections.abc import Iterable

from kubeactors.api.core.v1.pod import Pod
from kubeactors.api.core.v1.resourcequota import ResourceQuotaSpec, selectors_of
from kubeactors.api.core.v1.resources import Resources
from kubeactors.api.quota.scopes import in_scopes
from kubeactors.api.quota.usage import counted_names, ends_at, usage_of
from kubeactors.apimachinery import quantity
from kubeactors.apimachinery.meta import TypedObject


class Tally:
    """The use of one quota at a time in nanoseconds since 1970. Tell it what becomes of the namespace's objects.

    >>> tally = Tally(ResourceQuotaSpec(hard={"pods": "1", "count/moons": "1"}), [("", "pods")], 0)
    >>> tally.put(("", "pods"), Pod()), tally.put(("", "pods"), Pod()), tally.used
    (True, False, {'pods': '1'})
    """

    def __init__(self, spec: ResourceQuotaSpec, resources: Iterable[tuple[str, str]], wall: int) -> None:
        self.spec = spec
        self._wall = wall
        self._selectors = selectors_of(spec)
        self._names = {one: counted_names(*one, spec.hard) for one in resources}
        self._uses: dict[tuple[str, str, str], Resources] = {}
        known = {name: None for names in self._names.values() for name in names}
        self.used: Resources = {name: "0" for name in spec.hard if name in known}
        """By name; those of `hard` that no object can use are left out."""
        self.valid_until: int | None = None
        """When the grace period of a counted pod ends: then a new tally is needed."""

    def names(self, resource: tuple[str, str]) -> tuple[str, ...]:
        """The names under which objects of a group and resource are counted."""
        return self._names.get(resource, ())

    def counts(self, resource: tuple[str, str], value: TypedObject) -> bool:
        """Whether the quota counts this object."""
        return bool(self._names.get(resource)) and in_scopes(value, self._selectors)

    def use(self, resource: tuple[str, str], value: TypedObject) -> Resources:
        """The usage of the object by the names of the quota; empty if the quota does not count it."""
        if not self.counts(resource, value):
            return {}
        found = usage_of(*resource, value, self._wall)
        return {name: found[name] for name in self._names[resource] if name in found}

    def put(self, resource: tuple[str, str], value: TypedObject) -> bool:
        """Record the current state of an object; whether the usage changes."""
        if not self._names.get(resource):
            return False
        changes = self._count((*resource, value.metadata.name), self.use(resource, value))
        if isinstance(value, Pod):
            self._notice_end(value)
        return changes

    def remove(self, resource: tuple[str, str], name: str) -> bool:
        """Record the deletion of an object; whether the usage changes."""
        return self._count((*resource, name), {})

    def _count(self, key: tuple[str, str, str], new: Resources) -> bool:
        old = self._uses.get(key, _NOTHING)
        if new == old:
            return False
        for name, amount in old.items():
            self.used[name] = quantity.subtract(self.used[name], amount)
        for name, amount in new.items():
            self.used[name] = quantity.add(self.used[name], amount)
        if new:
            self._uses[key] = new
        else:
            del self._uses[key]
        return True

    def _notice_end(self, pod: Pod) -> None:
        end = ends_at(pod)
        if end is not None and end >= self._wall and (self.valid_until is None or end < self.valid_until):
            self.valid_until = end


def is_charged_alike(old: TypedObject | None, new: TypedObject | None) -> bool:
    """Whether a change certainly does not affect usage, as most status changes of pods."""
    return (
        isinstance(old, Pod)
        and isinstance(new, Pod)
        and new.spec is old.spec
        and new.status.phase == old.status.phase
        and new.metadata.deletion_timestamp == old.metadata.deletion_timestamp
    )


_NOTHING: Resources = {}
