"""A script that warns
===================

Readers would see the warning.
"""

import warnings

warnings.warn("this is old", DeprecationWarning, stacklevel=1)
