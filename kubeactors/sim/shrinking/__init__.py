"""From a plan that fails to a small one that fails in the same way.

shrink.py      leaves out, halves and simplifies       guesses.py     small parts of a plan that may fail alone
likeness.py    whether two failures are one
"""
