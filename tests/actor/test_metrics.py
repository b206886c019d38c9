"""The metrics for Prometheus."""

import pytest

from kubeactors.actor import ActorSystem
from tests.actor.messages import Add, Counter, GetTotal

prometheus = pytest.importorskip("prometheus_client")

pytestmark = pytest.mark.anyio


async def test_metrics_are_sums_over_the_actors_of_a_class() -> None:
    from kubeactors.actor.metrics import ActorCollector  # noqa: PLC0415 -- the package may not be installed

    async with ActorSystem() as system:
        counters = [await system.spawn(Counter) for _ in range(3)]
        for counter in counters:
            counter.tell(Add(1))
            assert await counter.ask(GetTotal()) == 1
        registry = prometheus.CollectorRegistry()
        registry.register(ActorCollector(system))
        values = [
            registry.get_sample_value(name, {"actor": "Counter"})
            for name in ("actors", "actor_messages_handled_total", "actor_restarts_total", "actor_mailbox_messages")
        ]
        assert values == [3, 6, 0, 0]
        assert registry.get_sample_value("actor_dead_letters_total") == 0


async def test_counters_do_not_decrease_when_actors_stop() -> None:
    from kubeactors.actor.metrics import ActorCollector  # noqa: PLC0415 -- the package may not be installed

    async with ActorSystem() as system:
        registry = prometheus.CollectorRegistry()
        registry.register(ActorCollector(system))

        def handled() -> float:
            return float(registry.get_sample_value("actor_messages_handled_total", {"actor": "Counter"}))

        first, second = [await system.spawn(Counter) for _ in range(2)]
        for counter in (first, second):
            assert await counter.ask(GetTotal()) == 0
        seen = [handled()]
        _ = system.stop(first)
        assert await second.ask(GetTotal()) == 0
        seen.append(handled())
        assert registry.get_sample_value("actors", {"actor": "Counter"}) == 1
    seen.append(handled())
    assert seen == [2, 3, 3]
    assert registry.get_sample_value("actor_spawned_total") == 2
