"""The kinds of API priority and fairness."""

from kubeactors.api.flowcontrol.v1 import flowschema, prioritylevel
from kubeactors.api.flowcontrol.v1.flowschema import FlowSchema
from kubeactors.api.flowcontrol.v1.prioritylevel import PriorityLevelConfiguration
from kubeactors.apimachinery.scheme import Kind

GROUP = "flowcontrol.apiserver.k8s.io"

KINDS = (
    Kind(
        type=FlowSchema,
        group=GROUP,
        kind="FlowSchema",
        resource="flowschemas",
        singular="flowschema",
        namespaced=False,
        subresources=("status",),
        default=flowschema.default_flow_schema,
        validate=flowschema.validate_flow_schema,
        validate_update=flowschema.validate_flow_schema_update,
        validate_status_update=flowschema.validate_flow_schema_status,
    ),
    Kind(
        type=PriorityLevelConfiguration,
        group=GROUP,
        kind="PriorityLevelConfiguration",
        resource="prioritylevelconfigurations",
        singular="prioritylevelconfiguration",
        namespaced=False,
        subresources=("status",),
        default=prioritylevel.default_priority_level,
        validate=prioritylevel.validate_priority_level,
        validate_update=prioritylevel.validate_priority_level_update,
        validate_status_update=prioritylevel.validate_priority_level_status,
    ),
)
