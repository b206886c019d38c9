"""The table printers of webhooks, policies and group versions.

Source: pkg/printers/internalversion/printers.go, kube-aggregator/pkg/registry/apiservice/etcd/etcd.go (v1.36).
"""

from kubeactors.api.admissionregistration.v1.matching import ParamKind, ParamRef
from kubeactors.api.admissionregistration.v1.mutating import MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding
from kubeactors.api.admissionregistration.v1.validating import (
    ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding,
)
from kubeactors.api.admissionregistration.v1.webhooks import (
    MutatingWebhookConfiguration,
    ValidatingWebhookConfiguration,
)
from kubeactors.api.apiregistration.v1.apiservice import AVAILABLE, APIService
from kubeactors.api.printers.table import AGE, NAME, Cells, Column, Printer, age

UNSET = "<unset>"


def webhook_cells(found: MutatingWebhookConfiguration | ValidatingWebhookConfiguration, now_ns: int) -> Cells:
    """All cells of a configuration's row."""
    return found.metadata.name, len(found.webhooks), age(found.metadata, now_ns)


def validating_policy_cells(policy: ValidatingAdmissionPolicy, now_ns: int) -> Cells:
    """All cells of a validating policy's row."""
    count = len(policy.spec.validations)
    return policy.metadata.name, count, _param_kind(policy.spec.param_kind), age(policy.metadata, now_ns)


def mutating_policy_cells(policy: MutatingAdmissionPolicy, now_ns: int) -> Cells:
    """All cells of a mutating policy's row."""
    count = len(policy.spec.mutations)
    return policy.metadata.name, count, _param_kind(policy.spec.param_kind), age(policy.metadata, now_ns)


def binding_cells(binding: ValidatingAdmissionPolicyBinding | MutatingAdmissionPolicyBinding, now_ns: int) -> Cells:
    """All cells of a binding's row."""
    spec = binding.spec
    return binding.metadata.name, spec.policy_name, _param_ref(spec.param_ref), age(binding.metadata, now_ns)


def api_service_cells(one: APIService, now_ns: int) -> Cells:
    """All cells of a group version's row."""
    service = one.spec.service
    where = "Local" if service is None else f"{service.namespace}/{service.name}"
    found = next((each for each in one.status.conditions if each.type == AVAILABLE), None)
    status = "Unknown" if found is None else found.status
    if found is not None and found.status != "True":
        status = f"{status} ({found.reason})"
    return one.metadata.name, where, status, age(one.metadata, now_ns)


def _param_kind(kind: ParamKind | None) -> str:
    return UNSET if kind is None else f"{kind.api_version}/{kind.kind}"


def _param_ref(ref: ParamRef | None) -> str:
    if ref is None:
        return UNSET
    if not ref.name:
        return "*"
    return f"{ref.namespace}/{ref.name}" if ref.namespace else ref.name


WEBHOOKS = Printer(
    columns=(NAME, Column(name="Webhooks", type="integer", description="The number of webhooks."), AGE),
    cells=webhook_cells,
)
_PARAM_KIND = Column(name="ParamKind", description="The kind of the policy's parameters.")
VALIDATING_POLICY = Printer(
    columns=(
        NAME,
        Column(name="Validations", type="integer", description="The number of validations."),
        _PARAM_KIND,
        AGE,
    ),
    cells=validating_policy_cells,
)
MUTATING_POLICY = Printer(
    columns=(
        NAME,
        Column(name="Mutations", type="integer", description="The number of mutations."),
        _PARAM_KIND,
        AGE,
    ),
    cells=mutating_policy_cells,
)
BINDING = Printer(
    columns=(
        NAME,
        Column(name="PolicyName", description="The policy that is bound."),
        Column(name="ParamRef", description="The parameters."),
        AGE,
    ),
    cells=binding_cells,
)
API_SERVICE = Printer(
    columns=(
        NAME,
        Column(name="Service", description="The Service that serves the group version; Local is this server."),
        Column(name="Available", description="Whether it is available."),
        AGE,
    ),
    cells=api_service_cells,
)
