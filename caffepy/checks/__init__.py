"""Traps that cost a day when nobody sees them: each is one sentence that a log can show.

    structure.py    from the net alone, before anything runs
    batches.py      from the first batches
    numbers.py      from a net whose loss has left the numbers

A function here looks and tells; it changes nothing.
"""
