"""Versions of the API server that differ in defaulting: the newer one fills in one more field of pods.

That default means the same as the absent field, so nothing else differs. Objects are stored as the older version writes
them. Kubernetes adds such defaults only with care: a component that compares remembered bytes or hashes with what it
reads mistakes the same object for a changed one.

Source: pkg/apis/core/v1/defaults_test.go, TestWorkloadDefaults (v1.36).
"""

from msgspec.structs import replace

from kubeactors.api.apps.v1 import DaemonSet, Deployment, ReplicaSet, StatefulSet
from kubeactors.api.batch.v1 import CronJob, Job
from kubeactors.api.core.v1 import Pod, PodSpec, PodTemplateSpec, ReplicationController
from kubeactors.apimachinery.meta import HasMeta


def newer(value: HasMeta) -> HasMeta:
    """An object as the newer version serves it.

    >>> pod = newer(Pod())
    >>> isinstance(pod, Pod) and pod.spec.set_hostname_as_fqdn
    False
    """
    return _changed(value, None, False)


def older(value: HasMeta) -> HasMeta:
    """An object that the newer version has served, as the older one would serve it.

    >>> older(newer(Pod())) == Pod()
    True
    """
    return _changed(value, False, None)


def _changed(value: HasMeta, before: bool | None, after: bool | None) -> HasMeta:  # noqa: FBT001 -- the field's values
    match value:
        case Pod():
            return replace(value, spec=_spec(value.spec, before, after))
        case Deployment() | ReplicaSet() | StatefulSet() | DaemonSet() | Job():
            return replace(value, spec=replace(value.spec, template=_template(value.spec.template, before, after)))
        case ReplicationController() if value.spec.template is not None:
            return replace(value, spec=replace(value.spec, template=_template(value.spec.template, before, after)))
        case CronJob():
            jobs = value.spec.job_template
            template = _template(jobs.spec.template, before, after)
            jobs = replace(jobs, spec=replace(jobs.spec, template=template))
            return replace(value, spec=replace(value.spec, job_template=jobs))
        case _:
            return value


def _template(value: PodTemplateSpec, before: bool | None, after: bool | None) -> PodTemplateSpec:  # noqa: FBT001 -- as above
    return replace(value, spec=_spec(value.spec, before, after))


def _spec(value: PodSpec, before: bool | None, after: bool | None) -> PodSpec:  # noqa: FBT001 -- as above
    return replace(value, set_hostname_as_fqdn=after) if value.set_hostname_as_fqdn is before else value
