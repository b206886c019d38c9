"""The corpus: for each shipped bug, a mutant of our own components that reproduces its mechanism, and a twin without it."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import msgspec

from kubeactors.sim.campaigns.campaign import Record, Run, recorded_order, run_plan
from kubeactors.sim.grammar import generate
from kubeactors.sim.operators.fuzzing import Fuzz
from kubeactors.sim.plan import Plan
from tests.quality.databases import FUZZ
from tests.quality.mutants import client, nodes, operators, services, watches, workloads

Patch = Callable[[], AbstractContextManager[object]]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A shipped bug: its issue (in kubernetes/kubernetes by default), and the mutant that brings it back."""

    name: str
    citation: str
    mutant: Patch
    twin: Patch = nullcontext
    """The preparation that the mutant needs besides the bug; mostly none."""
    operator: Fuzz | None = None
    """The operator with the bug; None if it is in a component of ours."""

    def plan(self, seed: int, length: int = 1) -> Plan:
        """The plan of a seed, independent of the bug. `length` does not apply to operators."""
        return generate(seed, length=length) if self.operator is None else self.operator.generate(seed)

    @property
    def run(self) -> Run:
        """Runs plans."""
        return run_plan if self.operator is None else self.operator.run_plan

    @property
    def record(self) -> Record:
        """Records the order of deliveries of a plan."""
        return recorded_order if self.operator is None else self.operator.recorded_order

    @property
    def place(self) -> str:
        """The place of the operator for replay files; empty if there is none."""
        return "" if self.operator is None else self.operator.place


def _row(citation: str, mutant: Patch, twin: Patch = nullcontext, operator: Fuzz | None = None) -> Row:
    return Row(name=mutant.__name__, citation=citation, mutant=mutant, twin=twin, operator=operator)


CORPUS: tuple[Row, ...] = (
    _row("59848", nodes.kubelets_read_old_caches),
    _row("129795", client.expectations_expire),
    _row("138818", workloads.scale_down_by_name),
    _row("88550", workloads.plain_pods_are_adopted),
    _row("42639", workloads.adoption_by_one_that_goes),
    _row("29735, 43449", workloads.collisions_are_not_counted, workloads.hashes_collide),
    _row("21810", workloads.availability_by_hearsay),
    _row("of v1.36, unreported", workloads.surge_counts_wishes),
    _row("28145, 28105", workloads.scaling_in_a_rollout_leaves_some_over),
    _row("40415", workloads.revisions_are_known_by_their_hash),
    _row("38418", workloads.the_one_that_is_waited_for_blocks_all),
    _row("61832", nodes.evictions_do_not_wait),
    _row("54096", client.restarts_read_old_caches),
    _row("71349, 22545", nodes.pods_of_deleted_nodes_stay),
    _row("130103", workloads.pods_are_counted_after_they_were_let_go),
    _row("28486, 99963", workloads.pods_of_jobs_have_random_names),
    _row("60735", workloads.failures_are_forgotten),
    _row("125638, 127429", services.endpoints_seem_equal),
    _row("47711", services.endpoints_of_recreated_services),
    _row("85353", services.slices_are_not_watched),
    _row("65200, 92743", services.absent_owners_are_known_by_uid),
    _row("98040", services.unknown_owners_are_absent),
    _row("6228, 24200, 24597", nodes.outages_are_deaths),
    _row("32510", nodes.fail_over_gives_no_grace),
    _row("90794", nodes.evictions_are_not_cancelled),
    _row("141887, 68071", nodes.pods_of_nodes_that_the_cache_lacks_go),
    _row("63262", nodes.nodes_that_come_back_look_the_same),
    _row("127792", nodes.ranges_of_leaving_nodes_are_free),
    _row("29058, 96416", nodes.restarts_give_out_ranges_before_they_know_them),
    _row("55587, 56261", client.relists_miss_deletions),
    _row("72122, 120413", nodes.events_in_flight_are_lost),
    _row("72122", nodes.nobody_wakes_pods),
    _row("130429", nodes.room_that_is_made_is_anybodys),
    _row("37447, 7250", nodes.restarts_run_what_has_ended),
    _row("79147, 79148", nodes.kubelet_deletes_by_name),
    _row("106884, 105523", nodes.ended_pods_take_room),
    _row("83177", services.volumes_without_claims_in_the_cache_are_free),
    _row("124224", client.writes_outlive_their_objects),
    _row("107133", client.what_is_too_new_is_asked_for_again, client.caches_stop_at_their_last_change),
    _row("84142, 72775, 90461", workloads.pods_that_come_and_go_are_counted),
    _row("70563, 119593", services.quotas_count_what_the_cache_shows),
    _row("123434", services.quotas_never_shrink),
    _row("etcd-io/etcd 18089", watches.resumed_watches_miss_one),
    _row("etcd-io/etcd 15271, 20221", watches.history_seems_endless),
    _row("23731, 125761, 89466", client.leaders_keep_leading),
    _row("elastic/cloud-on-k8s 5274", operators.operators_trust_old_caches, operator=FUZZ),
    _row("rabbitmq/cluster-operator 648", operators.operators_take_the_first_half_for_the_whole, operator=FUZZ),
    _row("Orange-OpenSource/casskop 316", operators.operators_wait_for_what_they_may_never_see, operator=FUZZ),
    _row("the family of 129795", client.expectations_are_dropped),
)
