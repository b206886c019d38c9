"""The common parts of objects: type, metadata, owner references; and how absence is encoded.

Source: apimachinery/pkg/apis/meta/v1/types.go (v1.36).
"""

from itertools import repeat
from typing import Annotated, ClassVar, Protocol, TypeVar, runtime_checkable

import msgspec

T = TypeVar("T")

_DATE = r"[1-9]\d{3}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8]))"
_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d"
_DECIMAL = r"[1-9]\d{0,14}(?<!000)[numkMGTPE]?"
_SMALL_BINARY = r"(?!(?:1024|2048|3072|4096|5120|6144|7168|8192|9216)[KMGT])[1-9]\d{0,3}[KMGT]i"
_LARGE_BINARY = r"[1-9]\d{0,9}(?:[13579]|[02468][26]|[13579][048])Ki"

# The patterns match canonical text only (and not all of it). What they reject is not an error: the serializer then
# takes the slow path, which makes it canonical if it can. See `serializer.decode`.

Time = Annotated[str, msgspec.Meta(pattern=rf"^{_DATE}T{_CLOCK}Z\Z", extra={"format": "date-time", "go": "v1.Time"})]
"""RFC 3339 in UTC with whole seconds: `2026-01-02T03:04:05Z`."""

MicroTime = Annotated[
    str, msgspec.Meta(pattern=rf"^{_DATE}T{_CLOCK}\.\d{{6}}Z\Z", extra={"format": "date-time", "go": "v1.MicroTime"})
]
"""RFC 3339 in UTC with six digits of a second: `2026-01-02T03:04:05.000006Z`."""

Quantity = Annotated[
    str,
    msgspec.Meta(
        pattern=rf"^(?:0|{_DECIMAL}|{_SMALL_BINARY}|{_LARGE_BINARY})\Z",
        extra={"format": "quantity", "go": "resource.Quantity"},
    ),
]
"""A number with a unit, in canonical form: `100m`, `1Gi`. See `quantity.py`."""

IntOrString = int | str
"""A number, or a string such as a port name or `25%`."""


def always(value: T) -> T:
    """A field that is encoded even with its zero value.

    Go encodes a zero field unless its tag says `omitempty`, and structs that are not pointers always.
    With `omit_defaults` msgspec drops a field that equals its default, but not one made by a factory.

    >>> class Counts(Object, frozen=True, kw_only=True, omit_defaults=True):
    ...     ready: int = 0
    ...     replicas: int = always(0)
    >>> msgspec.json.encode(Counts())
    b'{"replicas":0}'
    """
    return msgspec.field(default_factory=repeat(value).__next__)  # unlike a lambda it needs no Python frame


def merge_by(key: str, strategy: str = "merge") -> msgspec.Meta:
    """Annotates a list that a strategic merge patch merges by `key`; an empty key merges a list of scalars."""
    return msgspec.Meta(extra={"patchMergeKey": key, "patchStrategy": strategy})


def list_map(*keys: str) -> msgspec.Meta:
    """Annotates a list whose items server-side apply identifies by these keys, where `merge_by` does not say so."""
    return msgspec.Meta(extra={"listType": "map", "listMapKeys": keys})


LIST_SET = msgspec.Meta(extra={"listType": "set"})
"""Annotates a list of scalars with an owner each, where `merge_by` does not say so."""

EMPTY_KEY = msgspec.Meta(extra={"default": ""})
"""Annotates an optional key of list items whose default is empty."""

ATOMIC = msgspec.Meta(extra={"listType": "atomic", "mapType": "atomic"})
"""Annotates a list or a map that is owned as a whole. It is the default for lists."""

GRANULAR = msgspec.Meta(extra={"structType": "granular"})
"""Annotates a field whose struct is atomic elsewhere, but not here."""


def patch_strategy(strategy: str) -> msgspec.Meta:
    """Annotates a field with a strategy without a merge key (`retainKeys`, `replace`)."""
    return msgspec.Meta(extra={"patchStrategy": strategy})


class Object(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """The base of every Struct in an API object.

    Instances are immutable, including the dicts in them, by convention.
    Each subclass repeats `frozen=True, kw_only=True, omit_defaults=True` (msgspec does not inherit `kw_only`),
    and adds `gc=False`: objects are trees.
    """

    atomic: ClassVar[bool] = False
    """Whether server-side apply treats the whole struct as one field."""


class OwnerReference(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Identifies an owner of an object, for the garbage collector."""

    atomic: ClassVar[bool] = True
    api_version: str = always("")
    kind: str = always("")
    name: str = always("")
    uid: str = always("")
    controller: bool | None = None
    block_owner_deletion: bool | None = None


class ManagedFieldsEntry(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The fields of an object that a manager owns."""

    manager: str = ""
    operation: str = ""
    api_version: str = ""
    time: Time | None = None
    fields_type: str = ""
    fields_v1: Annotated[dict[str, object], msgspec.Meta(extra={"go": "FieldsV1"})] | None = msgspec.field(
        default=None, name="fieldsV1"
    )
    subresource: str = ""


class ObjectMeta(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Metadata of an object. `resource_version` is its revision in the store, as a decimal string."""

    name: str = ""
    generate_name: str = ""
    namespace: str = ""
    self_link: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: Time | None = None
    deletion_timestamp: Time | None = None
    deletion_grace_period_seconds: int | None = None
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    owner_references: Annotated[tuple[OwnerReference, ...], merge_by("uid")] = ()
    finalizers: Annotated[tuple[str, ...], merge_by("")] = ()
    managed_fields: tuple[ManagedFieldsEntry, ...] = ()


class ListMeta(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Metadata of a list: the resource version of the read, and the continue token."""

    self_link: str = ""
    resource_version: str = ""
    continue_: str = msgspec.field(default="", name="continue")
    remaining_item_count: int | None = None


class TypedObject(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The base of kinds with a resource. Each kind sets the defaults of the first two fields.

    As they equal their defaults, msgspec omits them; `serializer.encode` puts them first. So the items of a list have
    no type, as in Kubernetes.
    """

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta = always(ObjectMeta())


class LabelSelectorRequirement(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A requirement on a label; `operator` is In, NotIn, Exists or DoesNotExist."""

    key: str = always("")
    operator: str = always("")
    values: tuple[str, ...] = ()


class FieldSelectorRequirement(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A requirement on a field; `operator` is In, NotIn, Exists or DoesNotExist."""

    key: str = always("")
    operator: str = always("")
    values: tuple[str, ...] = ()


class LabelSelector(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Selects objects by their labels; all requirements must hold. The empty selector selects everything."""

    atomic: ClassVar[bool] = True
    match_labels: dict[str, str] = {}
    match_expressions: tuple[LabelSelectorRequirement, ...] = ()


class Condition(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One aspect of an object's state; `status` is True, False or Unknown."""

    type: str = always("")
    status: str = always("")
    observed_generation: int = 0
    last_transition_time: Time | None = always(None)
    reason: str = always("")
    message: str = always("")


class Preconditions(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The preconditions of a deletion."""

    uid: str | None = None
    resource_version: str | None = None


class DeleteOptions(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The options of a deletion. `propagation_policy` is Orphan, Background or Foreground."""

    api_version: str = ""
    kind: str = ""
    grace_period_seconds: int | None = None
    preconditions: Preconditions | None = None
    orphan_dependents: bool | None = None
    propagation_policy: str | None = None
    dry_run: tuple[str, ...] = ()
    ignore_store_read_error_with_cluster_breaking_potential: bool | None = None


@runtime_checkable
class HasMeta(Protocol):
    """Any object with a type and metadata: a built-in kind, or `Unstructured`."""

    @property
    def api_version(self) -> str:
        """Group and version: `v1`, `apps/v1`."""
        ...

    @property
    def kind(self) -> str:
        """The kind's name: `Pod`."""
        ...

    @property
    def metadata(self) -> ObjectMeta:
        """Name, labels, resource version and so on."""
        ...
