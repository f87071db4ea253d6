"""What every test shares."""

from __future__ import annotations

from hypothesis import settings

# A busy machine is no fault of the code: examples have no deadline of their own.
settings.register_profile("everywhere", deadline=None)
settings.load_profile("everywhere")
