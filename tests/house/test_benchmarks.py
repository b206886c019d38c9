"""The benchmarks' catalogue is true."""

from benchmarks.cluster.catalogue import MODULES, questions_of


def test_each_benchmark_module_offers_the_questions_that_the_catalogue_says() -> None:
    assert {module: tuple(one.name for one in questions_of(module)) for module in MODULES} == MODULES
