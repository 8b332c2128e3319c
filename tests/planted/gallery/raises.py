"""A script that raises
====================

Its claim is wrong.
"""

assert 1 + 1 == 3
