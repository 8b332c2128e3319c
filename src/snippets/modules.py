"""Code shown in the Modules guide."""

from __future__ import annotations
