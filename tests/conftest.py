"""What every test shares."""

from __future__ import annotations

from hypothesis import settings

# Examples have no deadline: a busy machine is not a fault of the code.
settings.register_profile("everywhere", deadline=None)
settings.load_profile("everywhere")
