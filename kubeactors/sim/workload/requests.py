"""User actions that are single requests: those of recorded workloads, and of manifests."""

from collections.abc import Mapping
from typing import ClassVar, Literal, cast

import msgspec

from kubeactors.apimachinery.requests import GroupVersionResource
from kubeactors.sim.steps import Action

RequestVerb = Literal["apply", "create", "update", "patch", "delete", "deletecollection"]
"""`apply` is server-side apply of a manifest, which takes over fields of other managers; a recorded one is a `patch`."""
_SIZES = ("replicas", "completions", "parallelism")


class SendRequest(Action, frozen=True, kw_only=True, omit_defaults=True, tag="request"):
    """A write request of a client.

    In another run generated names differ. So an update, patch, deletion or request to a subresource concerns the object of
    this name if there is one; else one whose name differs in its generated suffix only; and without a name, the object with
    the index `number`, modulo how many there are, among those that the selectors match.
    """

    essential: ClassVar[tuple[str, ...]] = (
        *("namespace", "name", "subresource", "body", "patch_type", "field_manager"),
        *("label_selector", "field_selector"),
    )

    verb: RequestVerb
    api_version: str
    resource: str
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    body: dict[str, object] | list[object] | None = None
    patch_type: str = ""
    """The media type of a patch."""
    field_manager: str = ""
    label_selector: str = ""
    field_selector: str = ""
    number: int = 0

    @property
    def counted_as(self) -> str:
        """See `Action`.

        >>> SendRequest(at=0, verb="create", api_version="v1", resource="pods", name="a", subresource="eviction").counted_as
        'create pods/eviction'
        """
        return f"{self.verb} {'/'.join(filter(None, (self.resource, self.subresource)))}"

    @property
    def summary(self) -> str:
        """The request in one line, without what it creates or applies.

        >>> scale = SendRequest(
        ...     at=0, verb="patch", api_version="apps/v1", resource="deployments", subresource="scale",
        ...     namespace="default", name="web", body={"spec": {"replicas": 2}},
        ... )
        >>> scale.summary
        'patch deployments/scale default/web {"spec":{"replicas":2}}'
        """
        which = self.name or self.label_selector or self.field_selector
        if not self.name:
            which = f"{which}#{self.number}"
        said = msgspec.json.encode(self.body).decode() if self.verb in {"patch", "delete"} and self.body else ""
        return f"{self.counted_as} {'/'.join(filter(None, (self.namespace, which)))} {said}".rstrip()

    @property
    def gvr(self) -> GroupVersionResource:
        """The resource.

        >>> SendRequest(at=0, verb="delete", api_version="apps/v1", resource="deployments", name="web").gvr
        GroupVersionResource(group='apps', version='v1', resource='deployments')
        """
        group, _, version = self.api_version.rpartition("/")
        return GroupVersionResource(group, version, self.resource)

    @property
    def pods(self) -> int:
        """How many pods the body asks for; 0 if it does not say.

        >>> SendRequest(at=0, verb="apply", api_version="v1", resource="x", body={"spec": {"replicas": 3}}).pods
        3
        """
        found = (self._spec.get(field) for field in _SIZES)
        return max((one for one in found if isinstance(one, int)), default=0)

    @property
    def _spec(self) -> Mapping[str, object]:
        spec = self.body.get("spec") if isinstance(self.body, dict) else None
        return cast("Mapping[str, object]", spec) if isinstance(spec, dict) else {}

    @property
    def sets_replicas(self) -> bool:
        """Whether it scales its object."""
        return self.subresource == "scale" or self._spec.get("replicas") is not None

    @property
    def is_creation(self) -> bool:
        """Whether it may create the object that later requests of the same name concern."""
        return self.verb in {"apply", "create"} and not self.subresource
