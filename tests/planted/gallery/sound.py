"""A sound script
==============

Beside the others, to show that only faults are reported.
"""

assert 1 + 1 == 2
