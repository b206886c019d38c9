"""Workloads that somebody brings along, instead of those that the grammar draws: manifests, recordings, plans.

    files.py        reads a file, whatever it is           manifests.py    objects to apply
    audit_log.py    what the users of a cluster did        drawing.py      scenarios: the workload, amid faults

Who uses it: campaigns (`kubeactors fuzz --workload FILE`).
"""
