"""Campaigns: many runs, on all cores or on a Ray cluster, resumable; their findings, deduplicated and shrunk.

    campaign.py    runs scenarios and shrinks findings     batches.py     units of work for workers
    workers.py     processes, or Ray                       ledger.py      the saved state of a campaign
    causes.py      groups findings by cause                finding.py     a violation with its plan
    reproduction.py  checks that findings are reproducible     garbage.py     garbage collection between runs

Who sends to it: the commands `fuzz` and `replay`, and tests.
"""
