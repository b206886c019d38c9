"""The mandatory and suggested priority levels and flow schemas.

Source: apiserver/pkg/apis/flowcontrol/bootstrap/default.go (v1.36).
"""

from kubeactors.api.flowcontrol.v1.flowschema import (
    DANGLING,
    EXEMPT,
    FlowDistinguisherMethod,
    FlowSchema,
    FlowSchemaCondition,
    FlowSchemaSpec,
    FlowSchemaStatus,
    GroupSubject,
    NonResourcePolicyRule,
    PolicyRulesWithSubjects,
    PriorityLevelConfigurationReference,
    ResourcePolicyRule,
    ServiceAccountSubject,
    Subject,
    UserSubject,
)
from kubeactors.api.flowcontrol.v1.prioritylevel import (
    EXEMPT_TYPE,
    LIMITED_TYPE,
    QUEUE,
    REJECT,
    ExemptPriorityLevelConfiguration,
    LimitedPriorityLevelConfiguration,
    LimitResponse,
    PriorityLevelConfiguration,
    PriorityLevelConfigurationSpec,
    QueuingConfiguration,
)
from kubeactors.apimachinery.meta import ObjectMeta

AUTOUPDATE = "apf.kubernetes.io/autoupdate-spec"
"""Annotation: whether a newer server updates the object."""

_ALL = ("*",)
_BY_USER, _BY_NAMESPACE = "ByUser", "ByNamespace"
_EVERYTHING = ResourcePolicyRule(verbs=_ALL, api_groups=_ALL, resources=_ALL, namespaces=_ALL, cluster_scope=True)
_ANY_PATH = NonResourcePolicyRule(verbs=_ALL, non_resource_urls=_ALL)


def _level(name: str, shares: int, lendable: int, queues: tuple[int, int, int] | None) -> PriorityLevelConfiguration:
    if queues is None:
        response = LimitResponse(type=REJECT)
    else:
        count, hand, length = queues
        queuing = QueuingConfiguration(queues=count, hand_size=hand, queue_length_limit=length)
        response = LimitResponse(type=QUEUE, queuing=queuing)
    limited = LimitedPriorityLevelConfiguration(
        nominal_concurrency_shares=shares, lendable_percent=lendable, limit_response=response
    )
    spec = PriorityLevelConfigurationSpec(type=LIMITED_TYPE, limited=limited)
    return PriorityLevelConfiguration(metadata=_metadata(name), spec=spec)


def _metadata(name: str) -> ObjectMeta:
    return ObjectMeta(name=name, annotations={AUTOUPDATE: "true"})


def _group(name: str) -> Subject:
    return Subject(kind="Group", group=GroupSubject(name=name))


def _user(name: str) -> Subject:
    return Subject(kind="User", user=UserSubject(name=name))


def _account(name: str) -> Subject:
    account = ServiceAccountSubject(namespace="kube-system", name=name)
    return Subject(kind="ServiceAccount", service_account=account)


def _rule(
    subjects: tuple[Subject, ...],
    resources: tuple[ResourcePolicyRule, ...],
    paths: tuple[NonResourcePolicyRule, ...] = (),
) -> PolicyRulesWithSubjects:
    return PolicyRulesWithSubjects(subjects=subjects, resource_rules=resources, non_resource_rules=paths)


def _objects(
    group: str, resources: tuple[str, ...], verbs: tuple[str, ...], namespaces: tuple[str, ...]
) -> ResourcePolicyRule:
    return ResourcePolicyRule(verbs=verbs, api_groups=(group,), resources=resources, namespaces=namespaces)


def _schema(name: str, level: str, precedence: int, method: str, *rules: PolicyRulesWithSubjects) -> FlowSchema:
    spec = FlowSchemaSpec(
        priority_level_configuration=PriorityLevelConfigurationReference(name=level),
        matching_precedence=precedence,
        distinguisher_method=FlowDistinguisherMethod(type=method) if method else None,
        rules=rules,
    )
    return FlowSchema(metadata=_metadata(name), spec=spec)


def found_condition(level: str, timestamp: str) -> FlowSchemaStatus:
    """The state of a schema whose priority level exists."""
    condition = FlowSchemaCondition(
        type=DANGLING,
        status="False",
        last_transition_time=timestamp,
        reason="Found",
        message=f'This FlowSchema references the PriorityLevelConfiguration object named "{level}" and it exists',
    )
    return FlowSchemaStatus(conditions=(condition,))


PRIORITY_LEVELS = (
    PriorityLevelConfiguration(
        metadata=_metadata(EXEMPT),
        spec=PriorityLevelConfigurationSpec(
            type=EXEMPT_TYPE,
            exempt=ExemptPriorityLevelConfiguration(nominal_concurrency_shares=0, lendable_percent=0),
        ),
    ),
    _level("catch-all", 5, 0, None),
    _level("system", 30, 33, (64, 6, 50)),
    _level("node-high", 40, 25, (64, 6, 50)),
    _level("leader-election", 10, 0, (16, 4, 50)),
    _level("workload-high", 40, 50, (128, 6, 50)),
    _level("workload-low", 100, 90, (128, 6, 50)),
    _level("global-default", 20, 50, (128, 6, 50)),
)

_AUTHENTICATED, _UNAUTHENTICATED = _group("system:authenticated"), _group("system:unauthenticated")
_SCHEDULER, _MANAGER = _user("system:kube-scheduler"), _user("system:kube-controller-manager")
_READ_WRITE = ("get", "create", "update")
_LEASES = _objects("coordination.k8s.io", ("leases",), _READ_WRITE, _ALL)

FLOW_SCHEMAS = (
    _schema(EXEMPT, EXEMPT, 1, "", _rule((_group("system:masters"),), (_EVERYTHING,), (_ANY_PATH,))),
    _schema(
        "probes",
        EXEMPT,
        2,
        "",
        _rule(
            (_UNAUTHENTICATED, _AUTHENTICATED),
            (),
            (NonResourcePolicyRule(verbs=("get",), non_resource_urls=("/healthz", "/readyz", "/livez")),),
        ),
    ),
    _schema(
        "system-leader-election",
        "leader-election",
        100,
        _BY_USER,
        _rule((_MANAGER, _SCHEDULER, _account("*")), (_LEASES,)),
    ),
    _schema(
        "endpoint-controller",
        "workload-high",
        150,
        _BY_USER,
        _rule(
            (_MANAGER, _account("endpoint-controller"), _account("endpointslicemirroring-controller")),
            (_objects("", ("endpoints",), _READ_WRITE, _ALL),),
        ),
    ),
    _schema(
        "workload-leader-election",
        "leader-election",
        200,
        _BY_USER,
        _rule((_account("*"),), (_LEASES,)),
    ),
    _schema(
        "system-node-high",
        "node-high",
        400,
        _BY_USER,
        _rule(
            (_group("system:nodes"),),
            (
                ResourcePolicyRule(
                    verbs=_ALL,
                    api_groups=("",),
                    resources=("nodes", "nodes/status"),
                    namespaces=_ALL,
                    cluster_scope=True,
                ),
                _objects("coordination.k8s.io", ("leases",), _ALL, _ALL),
            ),
        ),
    ),
    _schema("system-nodes", "system", 500, _BY_USER, _rule((_group("system:nodes"),), (_EVERYTHING,), (_ANY_PATH,))),
    _schema(
        "kube-controller-manager",
        "workload-high",
        800,
        _BY_NAMESPACE,
        _rule((_MANAGER,), (_EVERYTHING,), (_ANY_PATH,)),
    ),
    _schema("kube-scheduler", "workload-high", 800, _BY_NAMESPACE, _rule((_SCHEDULER,), (_EVERYTHING,), (_ANY_PATH,))),
    _schema(
        "kube-system-service-accounts",
        "workload-high",
        900,
        _BY_NAMESPACE,
        _rule((_account("*"),), (_EVERYTHING,), (_ANY_PATH,)),
    ),
    _schema(
        "service-accounts",
        "workload-low",
        9000,
        _BY_USER,
        _rule((_group("system:serviceaccounts"),), (_EVERYTHING,), (_ANY_PATH,)),
    ),
    _schema(
        "global-default",
        "global-default",
        9900,
        _BY_USER,
        _rule((_UNAUTHENTICATED, _AUTHENTICATED), (_EVERYTHING,), (_ANY_PATH,)),
    ),
    _schema(
        "catch-all",
        "catch-all",
        10000,
        _BY_USER,
        _rule((_UNAUTHENTICATED, _AUTHENTICATED), (_EVERYTHING,), (_ANY_PATH,)),
    ),
)
