"""Jobs select their pods by generated labels. Deleting a Job orphans its pods by default.

Source: pkg/registry/batch/{job,cronjob}/strategy.go, pkg/registry/batch/job/storage/storage.go (v1.36).
"""

from msgspec.structs import replace

from kubeactors.api.batch.v1 import CronJob, Job
from kubeactors.api.batch.v1.defaults import with_labels_of_template
from kubeactors.api.batch.v1.job import CONTROLLER_UID, JOB_NAME, LEGACY_CONTROLLER_UID, LEGACY_JOB_NAME
from kubeactors.apimachinery.meta import DeleteOptions, LabelSelector
from kubeactors.apiserver.registry.strategy import WithStatus

_PODS_STAY = (
    "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set "
    "propagationPolicy=Orphan to suppress this warning"
)


class JobStrategy(WithStatus[Job]):
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


def with_generated_selector(job: Job) -> Job:
    """The Job with a generated selector, and the labels for it in its template. Existing ones stay."""
    name, uid, spec = job.metadata.name, job.metadata.uid, job.spec
    generated = {LEGACY_JOB_NAME: name, JOB_NAME: name, LEGACY_CONTROLLER_UID: uid, CONTROLLER_UID: uid}
    metadata = spec.template.metadata
    template = replace(spec.template, metadata=replace(metadata, labels={**generated, **metadata.labels}))
    selector = spec.selector or LabelSelector()
    selector = replace(selector, match_labels={CONTROLLER_UID: uid, **selector.match_labels})
    return replace(job, spec=replace(spec, template=template, selector=selector))
