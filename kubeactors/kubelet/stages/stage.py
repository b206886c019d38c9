"""KWOK's Stage, as Structs: what an object looks like that moves on, after how long, and to what.

What is not supported is refused by name: `cel`, `apply`, `impersonation`, `statusPatchAs`, patches of type `json`,
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
    """Where a value comes from."""

    expression_from: str = ""
    jq: Jq | None = None
    cel: Unsupported = UNSET

    @property
    def path(self) -> str:
        """In jq."""
        return self.jq.expression if self.jq is not None else self.expression_from


class Requirement(_Part, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What must be so of the value at a path."""

    key: str
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    values: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        needs = self.operator in ("In", "NotIn")
        if needs is not bool(self.values):
            raise ValueError(f"operator {self.operator} wants {'values' if needs else 'no values'}")


class MatchExpression(_Part, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A requirement, said in one of two ways."""

    key: str = ""
    operator: str = ""
    values: tuple[str, ...] = ()
    jq: Requirement | None = None
    cel: Unsupported = UNSET

    @property
    def requirement(self) -> Requirement:
        """In jq."""
        if self.jq is not None:
            return self.jq
        said = {"key": self.key, "operator": self.operator, "values": self.values}
        return msgspec.convert(said, Requirement)


class Selector(_Part, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What objects the stage is for; all of it must hold."""

    match_labels: dict[str, str] = {}
    match_annotations: dict[str, str] = {}
    match_expressions: tuple[MatchExpression, ...] = ()


class Delay(_Part, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """How long an object stays before it moves on: between the duration and the jitter."""

    duration_milliseconds: Amount | None = None
    duration_from: ExpressionFrom | None = None
    jitter_duration_milliseconds: Amount | None = None
    jitter_duration_from: ExpressionFrom | None = None


class StageEvent(_Part, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """An Event about the object."""

    type: str = "Normal"
    reason: str = ""
    message: str = ""


class Finalizer(_Part, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """One finalizer."""

    value: str


class Finalizers(_Part, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """How finalizers change."""

    add: tuple[Finalizer, ...] = ()
    remove: tuple[Finalizer, ...] = ()
    empty: bool = False


class StagePatch(_Part, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A patch whose body is made by a template, below the field `root` if one is named."""

    subresource: Literal["", "status"] = ""
    root: str = ""
    template: str = ""
    type: Literal["strategic", "merge"] = "strategic"
    impersonation: Unsupported = UNSET


class StageStep(_Part, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What happens: event, then finalizers, then either the end or a patch."""

    event: StageEvent | None = None
    finalizers: Finalizers | None = None
    delete: bool = False
    patch: StagePatch | None = None
    apply: Unsupported = UNSET


class Next(_Part, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The same, as one step."""

    event: StageEvent | None = None
    finalizers: Finalizers | None = None
    delete: bool = False
    patches: tuple[StagePatch, ...] = ()
    status_template: str = ""
    status_subresource: Literal["status"] = "status"
    status_patch_as: Unsupported = UNSET

    def steps(self) -> tuple[StageStep, ...]:
        """As steps."""
        first = StageStep(event=self.event, finalizers=self.finalizers, delete=self.delete)
        patches = list(self.patches)
        if self.status_template:
            patches.append(StagePatch(subresource="status", root="status", template=self.status_template))
        return (first, *(StageStep(patch=one) for one in patches))


class ResourceRef(_Part, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The kind of the objects."""

    kind: Literal["Pod", "Node"]
    api_group: Literal["v1", ""] = "v1"


class StageSpec(_Part, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What the stage says."""

    resource_ref: ResourceRef
    selector: Selector | None = None
    """None: the stage is for nothing."""
    weight: Amount = 0
    weight_from: ExpressionFrom | None = None
    delay: Delay | None = None
    next: Next | None = None
    steps: tuple[StageStep, ...] = ()
    immediate_next_stage: bool = False
    """Here a stage that follows is always found at once: the object that a write returns is looked at like any other."""

    def all_steps(self) -> tuple[StageStep, ...]:
        """Whichever way they are said."""
        return self.steps or (self.next.steps() if self.next is not None else ())


class StageMeta(msgspec.Struct, frozen=True, kw_only=True):
    """The name; what else metadata may say does not matter here."""

    name: str


class Stage(_Part, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A whole Stage."""

    api_version: Literal["kwok.x-k8s.io/v1alpha1"]
    kind: Literal["Stage"]
    metadata: StageMeta
    spec: StageSpec
    status: object | None = None
