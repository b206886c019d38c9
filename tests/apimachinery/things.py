"""Small kinds with every type of field, for tests."""

from typing import Annotated

import msgspec

from kubeactors.apimachinery.meta import IntOrString, MicroTime, Object, Quantity, Time, TypedObject, always, merge_by


class Part(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An item of a list with the merge key `name`."""

    name: str = always("")
    image: str = ""
    args: tuple[str, ...] = ()
    ports: Annotated[tuple["Port", ...], merge_by("number")] = ()
    limits: dict[str, Quantity] = {}
    next: "Part | None" = None


class Port(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An item of a list with a numeric merge key."""

    number: int = always(0)
    name: str = ""


class ThingSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The desired state of a thing."""

    replicas: int | None = None
    ratio: float = 0.0
    paused: bool = False
    grace: int = msgspec.field(default=0, name="terminationGracePeriodSeconds")
    surge: IntOrString | None = None
    parts: Annotated[tuple[Part, ...], merge_by("name", "merge,retainKeys")] = ()
    atoms: tuple[Part, ...] = ()
    words: Annotated[tuple[str, ...], merge_by("")] = ()
    selector: dict[str, str] = {}
    secret: dict[str, bytes] = {}
    since: Time | None = None
    exactly: MicroTime | None = None
    raw: dict[str, object] = {}


class Thing(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A kind."""

    api_version: str = "example.com/v1"
    kind: str = "Thing"
    spec: ThingSpec = always(ThingSpec())
