"""The kinds of workloads."""

from kubeactors.api.apps.v1 import controllerrevision, daemon_validation, stateful_validation
from kubeactors.api.apps.v1 import defaults as apps_defaults
from kubeactors.api.apps.v1 import validation as apps
from kubeactors.api.apps.v1.daemonset import DaemonSet
from kubeactors.api.apps.v1.deployment import Deployment
from kubeactors.api.apps.v1.replicaset import ReplicaSet
from kubeactors.api.apps.v1.statefulset import StatefulSet
from kubeactors.apimachinery import names
from kubeactors.apimachinery.scheme import Kind

KINDS = (
    Kind(
        type=controllerrevision.ControllerRevision,
        group="apps",
        kind="ControllerRevision",
        resource="controllerrevisions",
        singular="controllerrevision",
        validate=controllerrevision.validate_controller_revision,
        validate_update=controllerrevision.validate_controller_revision_update,
    ),
    Kind(
        type=DaemonSet,
        group="apps",
        kind="DaemonSet",
        resource="daemonsets",
        singular="daemonset",
        short_names=("ds",),
        categories=("all",),
        subresources=("status",),
        default=apps_defaults.default_daemon_set,
        validate=daemon_validation.validate_daemon_set,
        validate_update=daemon_validation.validate_daemon_set_update,
        validate_status_update=daemon_validation.validate_daemon_set_status,
        warn=daemon_validation.warn_of_daemon_set,
    ),
    Kind(
        type=Deployment,
        group="apps",
        kind="Deployment",
        resource="deployments",
        singular="deployment",
        short_names=("deploy",),
        categories=("all",),
        subresources=("scale", "status"),
        default=apps_defaults.default_deployment,
        validate=apps.validate_deployment,
        validate_update=apps.validate_deployment_update,
        validate_status_update=apps.validate_deployment_status,
        warn=apps.warn_of_deployment,
    ),
    Kind(
        type=ReplicaSet,
        group="apps",
        kind="ReplicaSet",
        resource="replicasets",
        singular="replicaset",
        short_names=("rs",),
        categories=("all",),
        subresources=("scale", "status"),
        default=apps_defaults.default_replica_set,
        validate=apps.validate_replica_set,
        validate_update=apps.validate_replica_set_update,
        validate_status_update=apps.validate_replica_set_status,
        warn=apps.warn_of_replica_set,
    ),
    Kind(
        type=StatefulSet,
        group="apps",
        kind="StatefulSet",
        resource="statefulsets",
        singular="statefulset",
        name_rule=names.name_is_dns_label,
        short_names=("sts",),
        categories=("all",),
        subresources=("scale", "status"),
        default=apps_defaults.default_stateful_set,
        validate=stateful_validation.validate_stateful_set,
        validate_update=stateful_validation.validate_stateful_set_update,
        validate_status_update=stateful_validation.validate_stateful_set_status,
        warn=stateful_validation.warn_of_stateful_set,
    ),
)
