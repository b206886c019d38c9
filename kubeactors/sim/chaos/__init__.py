"""What breaks, and heals: faults as data, and who does them.

    chaos.py           arms faults, at the node and at the leader that they are about then
    faults/            what breaks, as data, in families

    machines.py    crashes.py    tempo.py    watches.py    writes.py    links.py    containers.py    objects.py    store.py
                       how it breaks and heals: one file for each family, with its name

    effects.py         what all of these do            concern.py       whom a fault is about
    rules/             what faults do to messages      crash.py         what a component raises that crashes
    meddling.py        what users do to what is being written
    corruption.py      which fields go wrong, and how  skew.py          what versions of the API server differ in
    disk.py            the store's disk

Who sends to it: a `Simulation`, which gives it the faults of its plan. What it sends: messages that were delayed,
changed or repeated, crashes, and writes that spoil what is stored.
"""
