"""Code shown in the Training guide."""

from __future__ import annotations
