"""User actions, as data.

    traits.py    deployments.py    sets.py    pods.py    nodes.py    bounds.py    namespaces.py    sharing.py
    services.py    volumes.py    ownership.py    accounts.py    tenancy.py    devices.py    certificates.py    rules.py
    rbac.py    defaults.py    reads.py    field_managers.py    interference.py    probing.py    own.py    requests.py

Workloads have names; their pods carry the label `app: NAME`. A pod is identified by its workload and an index into the
workload's pods at that time, sorted by name, modulo how many there are: so an action still makes sense in a shrunk plan.
"""

from kubeactors.sim.workload.accounts import (
    AccountAction,
    CreateTokenSecret,
    DamageRootCA,
    DeleteServiceAccount,
    DeleteTokenSecret,
)
from kubeactors.sim.workload.bounds import (
    BoundAction,
    CreateBoundVolume,
    CreateWithForeignOwner,
    CreateWithUnknownOwner,
    SetBudget,
    SetQuota,
)
from kubeactors.sim.workload.certificates import (
    CertificateAction,
    DeleteCertificateRequest,
    RequestCertificate,
    ReviewCertificateRequest,
    Signer,
)
from kubeactors.sim.workload.defaults import Chosen, CreateWithoutClass, DefaultAction, DeleteClass, SetDefaultClass
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
from kubeactors.sim.workload.devices import CreateDevicePod, DeleteDeviceClaim, DeviceAction, PublishDevices
from kubeactors.sim.workload.field_managers import (
    DeleteManagedObject,
    ManagementAction,
    Shared,
    WriteAsManager,
    Writing,
)
from kubeactors.sim.workload.interference import DamageObject, Derived, Interfere
from kubeactors.sim.workload.namespaces import CreateNamespace, DeleteNamespace, NamespaceAction
from kubeactors.sim.workload.nodes import AddForeignNodes, Cordon, DeleteNode, Drain, NodeAction, Taint, Uncordon
from kubeactors.sim.workload.own import OwnAction
from kubeactors.sim.workload.ownership import (
    CreateDefinition,
    CreateOwnedObject,
    DeleteDefinition,
    DeleteOwner,
    OwnershipAction,
)
from kubeactors.sim.workload.pods import (
    CreatePod,
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
from kubeactors.sim.workload.rbac import (
    ActAs,
    DelegateRole,
    Extent,
    GrantTenantRole,
    Person,
    RevokeTenantRole,
    RoleAction,
    Thing,
    Verb,
)
from kubeactors.sim.workload.reads import ReadObjects
from kubeactors.sim.workload.requests import RequestVerb, SendRequest
from kubeactors.sim.workload.rules import (
    Answer,
    Form,
    Labelling,
    LabelTenantObject,
    Means,
    Operation,
    Place,
    RuleAction,
    SetAdmissionRule,
)
from kubeactors.sim.workload.services import CreateService, DeleteService, ServiceAction, ServiceForm
from kubeactors.sim.workload.sets import (
    Concurrency,
    CreateCronJob,
    CreateDaemonSet,
    CreateJob,
    CreateReplicationController,
    CreateStatefulSet,
    DeleteWorkload,
    Keeper,
    Policy,
    ResizeJob,
    Retention,
    RollWorkload,
    ScaleReplicationController,
    ScaleStatefulSet,
    SetAction,
    SetKind,
    SuspendCronJob,
    SuspendJob,
)
from kubeactors.sim.workload.sharing import DeleteEndpoints, GrantRole, RevokeRole, SetEndpoints, SharingAction
from kubeactors.sim.workload.tenancy import (
    CreateTenantObject,
    DeleteTenantObject,
    Scope,
    SetLimitRange,
    SetTenantQuota,
    Sort,
    TenancyAction,
)
from kubeactors.sim.workload.traits import Trait
from kubeactors.sim.workload.volumes import (
    ClaimClass,
    CreateClaim,
    CreateStorageClass,
    CreateVolume,
    DeleteClaim,
    DeleteVolume,
    ExpandClaim,
    MountClaim,
    ReclaimPolicy,
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
    | RoleAction
    | DefaultAction
    | ManagementAction
    | Interfere
    | DamageObject
    | ReadObjects
)
"""What the grammar draws."""
UserAction = AnyAction | OwnAction | SendRequest
"""What a plan may have the user do."""

__all__ = [
    "SLOW_IMAGE",
    "AccountAction",
    "ActAs",
    "AddForeignNodes",
    "Answer",
    "AnyAction",
    "Autoscale",
    "BoundAction",
    "CertificateAction",
    "Chosen",
    "ClaimClass",
    "Concurrency",
    "Cordon",
    "CreateBoundVolume",
    "CreateClaim",
    "CreateCronJob",
    "CreateDaemonSet",
    "CreateDefinition",
    "CreateDeployment",
    "CreateDevicePod",
    "CreateJob",
    "CreateNamespace",
    "CreateOwnedObject",
    "CreatePod",
    "CreateReplicationController",
    "CreateService",
    "CreateStatefulSet",
    "CreateStorageClass",
    "CreateTenantObject",
    "CreateTokenSecret",
    "CreateVolume",
    "CreateWithForeignOwner",
    "CreateWithUnknownOwner",
    "CreateWithoutClass",
    "DamageObject",
    "DamageRootCA",
    "DefaultAction",
    "DelegateRole",
    "DeleteCertificateRequest",
    "DeleteClaim",
    "DeleteClass",
    "DeleteDefinition",
    "DeleteDeployment",
    "DeleteDeviceClaim",
    "DeleteEndpoints",
    "DeleteManagedObject",
    "DeleteNamespace",
    "DeleteNode",
    "DeleteOwner",
    "DeletePod",
    "DeleteService",
    "DeleteServiceAccount",
    "DeleteSlices",
    "DeleteTenantObject",
    "DeleteTokenSecret",
    "DeleteVolume",
    "DeleteWorkload",
    "DeploymentAction",
    "Derived",
    "DeviceAction",
    "Drain",
    "EmptySlices",
    "Evict",
    "ExpandClaim",
    "Extent",
    "Form",
    "GrantRole",
    "GrantTenantRole",
    "Interfere",
    "Keeper",
    "LabelTenantObject",
    "Labelling",
    "ManagementAction",
    "Means",
    "MountClaim",
    "NamespaceAction",
    "NodeAction",
    "Operation",
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
    "PublishDevices",
    "ReadObjects",
    "ReclaimPolicy",
    "RecreatePod",
    "RecreateService",
    "RelabelPod",
    "RequestCertificate",
    "RequestVerb",
    "ResizeJob",
    "Resume",
    "Retention",
    "ReviewCertificateRequest",
    "RevokeRole",
    "RevokeTenantRole",
    "RoleAction",
    "Roll",
    "RollWorkload",
    "RuleAction",
    "Scale",
    "ScaleReplicationController",
    "ScaleStatefulSet",
    "Scope",
    "SendRequest",
    "ServiceAction",
    "ServiceForm",
    "SetAction",
    "SetAdmissionRule",
    "SetBudget",
    "SetDefaultClass",
    "SetEndpoints",
    "SetKind",
    "SetLimitRange",
    "SetQuota",
    "SetTenantQuota",
    "Shared",
    "SharingAction",
    "Signer",
    "Sort",
    "SuspendCronJob",
    "SuspendJob",
    "Taint",
    "TenancyAction",
    "Thing",
    "Trait",
    "Uncordon",
    "Undo",
    "UserAction",
    "Verb",
    "VolumeAction",
    "WriteAsManager",
    "Writing",
]
