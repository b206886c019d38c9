"""Kubernetes' rules, computed a second time and without the code under test, for invariants to compare with.

rollouts.py         surge and availability        goals.py         what users' specs ask for in the end
capacity.py         whether pods fit on a node    placement.py     affinity, ports, topology spread
scores.py           how well a node suits a pod   spreading.py     nodes by their number of pods
limit_ranges.py     how large claims may be       field_ownership.py   server-side apply
timers.py           writes that are due merely because time passes
"""
