"""Jobs select their pods by generated labels. Deleting a Job orphans its pods by default.

Source: pkg/registry/batch/{job,cronjob}/strategy.go, pkg/registry/batch/job/storage/storage.go (v1.36).
"""

from msgspec.structs import replace

from kubeactors.api.batch.v1 import CronJob, Job
from kubeactors.api.batch.v1.defaults import with_labels_of_template
from kubeactors.api.batch.v1.job import CONTROLLER_UID, JOB_NAME, LEGACY_CONTROLLER_UID, LEGACY_JOB_NAME
from kubeactors.api.core.v1.disabled import without_disabled_template_fields
from kubeactors.apimachinery.meta import DeleteOptions, LabelSelector
from kubeactors.apiserver.registry.pod_templates import WithTemplate
from kubeactors.apiserver.registry.strategy import WithStatus

_PODS_STAY = (
    "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set "
    "propagationPolicy=Orphan to suppress this warning"
)


class JobStrategy(WithTemplate[Job]):
    """The strategy of Jobs."""

    orphans = True

    def prepare_for_create(self, new: Job) -> Job:
        """No status; a selector unique to this Job."""
        new = super().prepare_for_create(new)
        return with_labels_of_template(new if new.spec.manual_selector else with_generated_selector(new))

    def deletion_warnings(self, options: DeleteOptions) -> tuple[str, ...]:
        """Warn if the client relies on the default propagation policy."""
        return (_PODS_STAY,) if options.propagation_policy is None and options.orphan_dependents is None else ()


class CronJobStrategy(WithStatus[CronJob]):
    """The strategy of CronJobs."""

    def prepare_for_create(self, new: CronJob) -> CronJob:
        """No status; no fields of disabled features."""
        return super().prepare_for_create(_without_disabled_fields(new, None))

    def prepare_for_update(self, new: CronJob, old: CronJob) -> CronJob:
        """Keep the status; count changes of the spec."""
        return super().prepare_for_update(_without_disabled_fields(new, old), old)


def _without_disabled_fields(new: CronJob, old: CronJob | None) -> CronJob:
    job = new.spec.job_template
    before = None if old is None else old.spec.job_template.spec.template
    template = without_disabled_template_fields(job.spec.template, before)
    if template is job.spec.template:
        return new
    job = replace(job, spec=replace(job.spec, template=template))
    return replace(new, spec=replace(new.spec, job_template=job))


def with_generated_selector(job: Job) -> Job:
    """The Job with a generated selector, and the labels for it in its template. Existing ones stay."""
    name, uid, spec = job.metadata.name, job.metadata.uid, job.spec
    generated = {LEGACY_JOB_NAME: name, JOB_NAME: name, LEGACY_CONTROLLER_UID: uid, CONTROLLER_UID: uid}
    metadata = spec.template.metadata
    template = replace(spec.template, metadata=replace(metadata, labels={**generated, **metadata.labels}))
    selector = spec.selector or LabelSelector()
    selector = replace(selector, match_labels={CONTROLLER_UID: uid, **selector.match_labels})
    return replace(job, spec=replace(spec, template=template, selector=selector))
