"""KWOK's Stage as Structs: which objects it matches, its delay, and its changes.

Unsupported features are rejected by name: `cel`, `apply`, `impersonation`, `statusPatchAs`, patches of type `json`, and
resources other than Pod and Node.

Source: sigs.k8s.io/kwok pkg/apis/v1alpha1/stage_types.go (v0.8).
"""

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

Amount: TypeAlias = Annotated[int, Meta(ge=0)]
Unsupported: TypeAlias = object | UnsetType


class _Part(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    def __post_init__(self) -> None:
        for field in msgspec.structs.fields(self):
            if field.type is Unsupported and getattr(self, field.name) is not UNSET:
                raise ValueError(f"{field.encode_name} is not supported")


class Jq(_Part, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A value found by a path."""

    expression: str


class ExpressionFrom(_Part, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The source of a value."""

    expression_from: str = ""
    jq: Jq | None = None
    cel: Unsupported = UNSET

    @property
    def path(self) -> str:
        """The path in jq."""
        return self.jq.expression if self.jq is not None else self.expression_from


class Requirement(_Part, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A requirement on the value at a path."""

    key: str
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    values: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        needs = self.operator in ("In", "NotIn")
        if needs is not bool(self.values):
            raise ValueError(f"operator {self.operator} wants {'values' if needs else 'no values'}")


class MatchExpression(_Part, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A requirement in one of two forms."""

    key: str = ""
    operator: str = ""
    values: tuple[str, ...] = ()
    jq: Requirement | None = None
    cel: Unsupported = UNSET

    @property
    def requirement(self) -> Requirement:
        """The requirement with its path in jq."""
        if self.jq is not None:
            return self.jq
        said = {"key": self.key, "operator": self.operator, "values": self.values}
        return msgspec.convert(said, Requirement)


class Selector(_Part, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which objects the stage matches; all conditions must hold."""

    match_labels: dict[str, str] = {}
    match_annotations: dict[str, str] = {}
    match_expressions: tuple[MatchExpression, ...] = ()


class Delay(_Part, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The delay before the stage is played: between the duration and the jitter."""

    duration_milliseconds: Amount | None = None
    duration_from: ExpressionFrom | None = None
    jitter_duration_milliseconds: Amount | None = None
    jitter_duration_from: ExpressionFrom | None = None


class StageEvent(_Part, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """An event about the object."""

    type: str = "Normal"
    reason: str = ""
    message: str = ""


class Finalizer(_Part, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """One finalizer."""

    value: str


class Finalizers(_Part, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Changes of finalizers."""

    add: tuple[Finalizer, ...] = ()
    remove: tuple[Finalizer, ...] = ()
    empty: bool = False


class StagePatch(_Part, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A patch whose body a template makes, below the field `root` if that is set."""

    subresource: Literal["", "status"] = ""
    root: str = ""
    template: str = ""
    type: Literal["strategic", "merge"] = "strategic"
    impersonation: Unsupported = UNSET


class StageStep(_Part, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The changes of a step: an event, then finalizers, then a deletion or a patch."""

    event: StageEvent | None = None
    finalizers: Finalizers | None = None
    delete: bool = False
    patch: StagePatch | None = None
    apply: Unsupported = UNSET


class Next(_Part, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The changes of a stage with a single step."""

    event: StageEvent | None = None
    finalizers: Finalizers | None = None
    delete: bool = False
    patches: tuple[StagePatch, ...] = ()
    status_template: str = ""
    status_subresource: Literal["status"] = "status"
    status_patch_as: Unsupported = UNSET

    def steps(self) -> tuple[StageStep, ...]:
        """The changes as steps."""
        first = StageStep(event=self.event, finalizers=self.finalizers, delete=self.delete)
        patches = list(self.patches)
        if self.status_template:
            patches.append(StagePatch(subresource="status", root="status", template=self.status_template))
        return (first, *(StageStep(patch=one) for one in patches))


class ResourceRef(_Part, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The kind of the stage's objects."""

    kind: Literal["Pod", "Node"]
    api_group: Literal["v1", ""] = "v1"


class StageSpec(_Part, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The spec of a stage."""

    resource_ref: ResourceRef
    selector: Selector | None = None
    """None: the stage matches nothing."""
    weight: Amount = 0
    weight_from: ExpressionFrom | None = None
    delay: Delay | None = None
    next: Next | None = None
    steps: tuple[StageStep, ...] = ()
    immediate_next_stage: bool = False
    """Without effect: here the following stage is always found at once, from the object that a write returns."""

    def all_steps(self) -> tuple[StageStep, ...]:
        """The steps, in whichever form they are given."""
        return self.steps or (self.next.steps() if self.next is not None else ())


class StageMeta(msgspec.Struct, frozen=True, kw_only=True):
    """The name; other metadata are ignored."""

    name: str


class Stage(_Part, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A Stage."""

    api_version: Literal["kwok.x-k8s.io/v1alpha1"]
    kind: Literal["Stage"]
    metadata: StageMeta
    spec: StageSpec
    status: object | None = None
