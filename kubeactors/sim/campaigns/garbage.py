"""Garbage collection between scenarios: each leaves a whole cluster of young, cyclic garbage."""

import gc
from collections.abc import Generator
from contextlib import contextmanager

OBJECTS_OF_A_SCENARIO = 200_000
"""More live objects than all but the largest scenarios have."""


@contextmanager
def collected_once() -> Generator[None]:
    """Collect garbage once at the end of the block: there is next to none before.

    Collecting during a scenario would take a fifteenth of its time.
    """
    thresholds = gc.get_threshold()
    gc.set_threshold(OBJECTS_OF_A_SCENARIO, *thresholds[1:])
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.collect(0)
