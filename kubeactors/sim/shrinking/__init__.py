"""Shrinking: from a plan that fails to a small one that fails in the same way.

shrink.py        removes, shortens and simplifies steps    candidates.py    small parts of a plan that may fail alone
equivalence.py   whether two violations are the same failure
"""
