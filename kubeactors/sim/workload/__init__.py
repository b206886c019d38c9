"""User actions, as data.

    traits.py    deployments.py    sets.py    pods.py    nodes.py    bounds.py    namespaces.py    sharing.py
    services.py    volumes.py    ownership.py    accounts.py    tenancy.py    devices.py    certificates.py    rules.py
    rbac.py    defaults.py    reads.py    field_managers.py    interference.py    probing.py    own.py

Workloads have names; their pods carry the label `app: NAME`. A pod is identified by its workload and an index into the
workload's pods at that time, sorted by name, modulo how many there are: so an action still makes sense in a shrunk plan.
"""

from kubeactors.sim.workload.accounts import AccountAction, AddToken, DropAccount, DropToken, SpoilRoot
from kubeactors.sim.workload.bounds import (
    BoundAction,
    ClaimForeignOwner,
    ClaimUnknownOwner,
    ClaimVolume,
    SetBudget,
    SetQuota,
)
from kubeactors.sim.workload.certificates import AskForCertificate, CertificateAction, Decide, DropRequest, Signer
from kubeactors.sim.workload.defaults import Chosen, DefaultAction, DropClass, NameNone, SetDefault
from kubeactors.sim.workload.deployments import (
    SLOW_IMAGE,
    Autoscale,
    CreateDeployment,
    DeleteDeployment,
    DeploymentAction,
    Pace,
    Pause,
    Propagation,
    Resume,
    Roll,
    Scale,
    Undo,
)
from kubeactors.sim.workload.devices import AskForDevice, DeviceAction, DropDeviceClaim, OfferDevices
from kubeactors.sim.workload.field_managers import Manage, ManagementAction, Shared, Unmanage, Writing
from kubeactors.sim.workload.interference import Derived, Meddle, Spoil
from kubeactors.sim.workload.namespaces import CreateNamespace, DeleteNamespace, NamespaceAction
from kubeactors.sim.workload.nodes import Cordon, DeleteNode, Drain, NodeAction, Taint, Uncordon, Visit
from kubeactors.sim.workload.own import OwnAction
from kubeactors.sim.workload.ownership import DefineKind, DropOwner, Own, OwnershipAction, UndefineKind
from kubeactors.sim.workload.pods import (
    AddPod,
    DeletePod,
    DeleteSlices,
    EmptySlices,
    Evict,
    PodAction,
    RecreatePod,
    RecreateService,
    RelabelPod,
)
from kubeactors.sim.workload.probing import Probing
from kubeactors.sim.workload.rbac import Act, Disentitle, Entitle, Extent, Lend, Person, RightAction, Thing, Verb
from kubeactors.sim.workload.reads import Look
from kubeactors.sim.workload.rules import Answer, Form, Means, Operation, Place, RuleAction, SetRule, Touch, Touching
from kubeactors.sim.workload.services import Expose, ServiceAction, ServiceForm, Unexpose
from kubeactors.sim.workload.sets import (
    Concurrency,
    CreateCronJob,
    CreateDaemonSet,
    CreateJob,
    CreateReplicationController,
    CreateStatefulSet,
    DeleteSet,
    Keeper,
    Policy,
    ResizeJob,
    Retention,
    RollSet,
    ScaleReplicationController,
    ScaleStatefulSet,
    SetAction,
    SetKind,
    SuspendCronJob,
    SuspendJob,
)
from kubeactors.sim.workload.sharing import GrantRole, PublishAddresses, RevokeRole, SharingAction, WithdrawAddresses
from kubeactors.sim.workload.tenancy import Clear, Furnish, Scope, SetLimits, SetShare, Sort, TenancyAction
from kubeactors.sim.workload.traits import Trait
from kubeactors.sim.workload.volumes import (
    AddVolume,
    Claim,
    ClaimClass,
    DropClaim,
    DropVolume,
    GrowClaim,
    OfferClass,
    ReclaimPolicy,
    UseClaim,
    VolumeAction,
)

AnyAction = (
    DeploymentAction
    | SetAction
    | PodAction
    | NodeAction
    | BoundAction
    | NamespaceAction
    | SharingAction
    | ServiceAction
    | VolumeAction
    | OwnershipAction
    | AccountAction
    | TenancyAction
    | DeviceAction
    | CertificateAction
    | RuleAction
    | RightAction
    | DefaultAction
    | ManagementAction
    | Meddle
    | Spoil
    | Look
)

__all__ = [
    "SLOW_IMAGE",
    "AccountAction",
    "Act",
    "AddPod",
    "AddToken",
    "AddVolume",
    "Answer",
    "AnyAction",
    "AskForCertificate",
    "AskForDevice",
    "Autoscale",
    "BoundAction",
    "CertificateAction",
    "Chosen",
    "Claim",
    "ClaimClass",
    "ClaimForeignOwner",
    "ClaimUnknownOwner",
    "ClaimVolume",
    "Clear",
    "Concurrency",
    "Cordon",
    "CreateCronJob",
    "CreateDaemonSet",
    "CreateDeployment",
    "CreateJob",
    "CreateNamespace",
    "CreateReplicationController",
    "CreateStatefulSet",
    "Decide",
    "DefaultAction",
    "DefineKind",
    "DeleteDeployment",
    "DeleteNamespace",
    "DeleteNode",
    "DeletePod",
    "DeleteSet",
    "DeleteSlices",
    "DeploymentAction",
    "Derived",
    "DeviceAction",
    "Disentitle",
    "Drain",
    "DropAccount",
    "DropClaim",
    "DropClass",
    "DropDeviceClaim",
    "DropOwner",
    "DropRequest",
    "DropToken",
    "DropVolume",
    "EmptySlices",
    "Entitle",
    "Evict",
    "Expose",
    "Extent",
    "Form",
    "Furnish",
    "GrantRole",
    "GrowClaim",
    "Keeper",
    "Lend",
    "Look",
    "Manage",
    "ManagementAction",
    "Means",
    "Meddle",
    "NameNone",
    "NamespaceAction",
    "NodeAction",
    "OfferClass",
    "OfferDevices",
    "Operation",
    "Own",
    "OwnAction",
    "OwnershipAction",
    "Pace",
    "Pause",
    "Person",
    "Place",
    "PodAction",
    "Policy",
    "Probing",
    "Propagation",
    "PublishAddresses",
    "ReclaimPolicy",
    "RecreatePod",
    "RecreateService",
    "RelabelPod",
    "ResizeJob",
    "Resume",
    "Retention",
    "RevokeRole",
    "RightAction",
    "Roll",
    "RollSet",
    "RuleAction",
    "Scale",
    "ScaleReplicationController",
    "ScaleStatefulSet",
    "Scope",
    "ServiceAction",
    "ServiceForm",
    "SetAction",
    "SetBudget",
    "SetDefault",
    "SetKind",
    "SetLimits",
    "SetQuota",
    "SetRule",
    "SetShare",
    "Shared",
    "SharingAction",
    "Signer",
    "Sort",
    "Spoil",
    "SpoilRoot",
    "SuspendCronJob",
    "SuspendJob",
    "Taint",
    "TenancyAction",
    "Thing",
    "Touch",
    "Touching",
    "Trait",
    "Uncordon",
    "UndefineKind",
    "Undo",
    "Unexpose",
    "Unmanage",
    "UseClaim",
    "Verb",
    "Visit",
    "VolumeAction",
    "WithdrawAddresses",
    "Writing",
]
