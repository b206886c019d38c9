"""Fault injection: faults as data, and the code that makes them happen and heals them.

    chaos.py           arms the faults of a plan, and resolves the node or leader that each targets
    faults/            faults as data, in families

    machines.py    crashes.py    timing.py    watches.py    writes.py    links.py    containers.py    objects.py    store.py
                       injection and recovery: one file for each family, with its name

    effects.py         what all of these use             targets.py       which component a fault affects
    rules/             what faults do to messages        crash.py         the exception of a simulated crash
    interference.py    user actions on an object while a write to it is in flight
    corruption.py      fields that may be corrupted      skew.py          how versions of the API server differ
    disk.py            the store's disk

Who sends to it: a `Simulation`, which gives it the faults of its plan. What it sends: messages that were delayed,
changed or duplicated, crashes, and writes that corrupt stored objects.
"""
