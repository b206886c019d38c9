"""Automatic mutation testing of our components.

    operators.py    mutation operators             mutants.py    finds and applies mutants
    left_out.py     equivalent and ill-typed mutants to leave out
    marks.py        marks where mutants would make a difference    hunt.py    the default campaign on a mutant

A mutant is named by its function and operator, so that its name is stable when other code changes.
"""
