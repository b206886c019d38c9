"""The table printers of the kinds that run the cluster: certificates, flows of requests, devices, runtimes, components.

Source: pkg/printers/internalversion/printers.go (v1.36).
"""

from kubeactors.api.certificates.v1.certificatesigningrequest import (
    APPROVED,
    DENIED,
    FAILED,
    CertificateSigningRequest,
    has_condition,
)
from kubeactors.api.core.v1.componentstatus import ComponentStatus
from kubeactors.api.flowcontrol.v1.flowschema import DANGLING, FlowSchema
from kubeactors.api.flowcontrol.v1.prioritylevel import PriorityLevelConfiguration
from kubeactors.api.node.v1.runtimeclass import RuntimeClass
from kubeactors.api.printers.table import AGE, NAME, NONE, Cells, Column, Printer, age
from kubeactors.api.resource.v1.deviceclass import DeviceClass
from kubeactors.api.resource.v1.resourceclaim import ResourceClaim, ResourceClaimTemplate
from kubeactors.api.resource.v1.resourceslice import ResourceSlice
from kubeactors.apimachinery.time import human_duration

_SECOND = 1_000_000_000


def csr_cells(csr: CertificateSigningRequest, now_ns: int) -> Cells:
    """All cells of a certificate request's row."""
    spec = csr.spec
    duration = NONE if spec.expiration_seconds is None else human_duration(spec.expiration_seconds * _SECOND)
    return (
        csr.metadata.name,
        age(csr.metadata, now_ns),
        spec.signer_name or NONE,
        spec.username,
        duration,
        csr_condition(csr),
    )


def csr_condition(csr: CertificateSigningRequest) -> str:
    """The decision, and whether the certificate is issued.

    >>> csr_condition(CertificateSigningRequest())
    'Pending'
    """
    decided = (APPROVED, DENIED) if has_condition(csr, APPROVED) or has_condition(csr, DENIED) else ()
    shown = [one for one in decided if has_condition(csr, one)] or ["Pending"]
    if has_condition(csr, FAILED):
        shown.append(FAILED)
    if csr.status.certificate:
        shown.append("Issued")
    return ",".join(shown)


def flow_schema_cells(schema: FlowSchema, now_ns: int) -> Cells:
    """All cells of a flow schema's row."""
    spec = schema.spec
    dangling = next((one.status for one in schema.status.conditions if one.type == DANGLING), "?")
    return (
        schema.metadata.name,
        spec.priority_level_configuration.name,
        spec.matching_precedence,
        NONE if spec.distinguisher_method is None else spec.distinguisher_method.type,
        age(schema.metadata, now_ns),
        dangling,
    )


def priority_level_cells(level: PriorityLevelConfiguration, now_ns: int) -> Cells:
    """All cells of a priority level's row."""
    shares: str | int = NONE
    queues: tuple[str | int, str | int, str | int] = (NONE, NONE, NONE)
    limited = level.spec.limited
    if limited is not None:
        shares = limited.nominal_concurrency_shares or 0
        queuing = limited.limit_response.queuing
        if queuing is not None:
            queues = (queuing.queues, queuing.hand_size, queuing.queue_length_limit)
    return level.metadata.name, level.spec.type, shares, *queues, age(level.metadata, now_ns)


def runtime_class_cells(one: RuntimeClass, now_ns: int) -> Cells:
    """All cells of a runtime class's row."""
    return one.metadata.name, one.handler, age(one.metadata, now_ns)


def device_class_cells(one: DeviceClass, now_ns: int) -> Cells:
    """All cells of a device class's row."""
    return one.metadata.name, age(one.metadata, now_ns)


def resource_claim_cells(claim: ResourceClaim, now_ns: int) -> Cells:
    """All cells of a claim's row."""
    return claim.metadata.name, _claim_state(claim), age(claim.metadata, now_ns)


def _claim_state(claim: ResourceClaim) -> str:
    states = ["deleted"] if claim.metadata.deletion_timestamp is not None else []
    if claim.status.allocation is None:
        return ",".join([*states, "pending"]) if not states else ",".join(states)
    states.append("allocated")
    if claim.status.reserved_for:
        states.append("reserved")
    return ",".join(states)


def resource_claim_template_cells(template: ResourceClaimTemplate, now_ns: int) -> Cells:
    """All cells of a claim template's row."""
    return template.metadata.name, age(template.metadata, now_ns)


def resource_slice_cells(one: ResourceSlice, now_ns: int) -> Cells:
    """All cells of a slice's row."""
    spec = one.spec
    return one.metadata.name, spec.node_name or "<unset>", spec.driver, spec.pool.name, age(one.metadata, now_ns)


def component_status_cells(component: ComponentStatus, _now_ns: int) -> Cells:
    """All cells of a component's row."""
    found = next((one for one in component.conditions if one.type == "Healthy"), None)
    if found is None:
        return component.metadata.name, "Unknown", "", ""
    status = {"True": "Healthy", "False": "Unhealthy"}.get(found.status, "Unknown")
    return component.metadata.name, status, found.message, found.error


CSR = Printer(
    columns=(
        NAME,
        AGE,
        Column(name="SignerName", description="The signer."),
        Column(name="Requestor", description="The requestor."),
        Column(name="RequestedDuration", description="The requested lifetime of the certificate."),
        Column(
            name="Condition", description="Whether it is approved or denied, and whether the certificate is issued."
        ),
    ),
    cells=csr_cells,
)
FLOW_SCHEMA = Printer(
    columns=(
        NAME,
        Column(name="PriorityLevel", description="The priority level of its requests."),
        Column(name="MatchingPrecedence", description="The precedence; the matching schema with the lowest is used."),
        Column(name="DistinguisherMethod", description="How flows are distinguished."),
        AGE,
        Column(name="MissingPL", description="Whether its priority level does not exist."),
    ),
    cells=flow_schema_cells,
)
PRIORITY_LEVEL = Printer(
    columns=(
        NAME,
        Column(name="Type", description="Whether its requests are limited."),
        Column(name="NominalConcurrencyShares", description="Its share of the server's concurrency."),
        Column(name="Queues", description="The number of queues."),
        Column(name="HandSize", description="The number of queues in a flow's hand."),
        Column(name="QueueLengthLimit", description="The maximum length of a queue."),
        AGE,
    ),
    cells=priority_level_cells,
)
RUNTIME_CLASS = Printer(
    columns=(NAME, Column(name="Handler", description="The handler of the container runtime."), AGE),
    cells=runtime_class_cells,
)
DEVICE_CLASS = Printer(columns=(NAME, AGE), cells=device_class_cells)
RESOURCE_CLAIM = Printer(
    columns=(NAME, Column(name="State", description="Whether the claim is allocated and reserved."), AGE),
    cells=resource_claim_cells,
)
RESOURCE_CLAIM_TEMPLATE = Printer(columns=(NAME, AGE), cells=resource_claim_template_cells)
RESOURCE_SLICE = Printer(
    columns=(
        NAME,
        Column(name="Node", description="The node of its devices."),
        Column(name="Driver", description="The driver of its devices."),
        Column(name="Pool", description="The pool that it belongs to."),
        AGE,
    ),
    cells=resource_slice_cells,
)
COMPONENT_STATUS = Printer(
    columns=(
        NAME,
        Column(name="Status", description="Whether the component is healthy."),
        Column(name="Message", description="The message of the health check."),
        Column(name="Error", description="The error of the health check."),
    ),
    cells=component_status_cells,
)
