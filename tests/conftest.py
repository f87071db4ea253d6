"""What every test shares."""

from __future__ import annotations

import os

from hypothesis import settings

# Examples have no deadline: a busy machine is not a fault of the code.
# `make test` uses the same examples each time, so that a change that passes here passes
# everywhere; `make test-all` searches further, with other examples each time.
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=500)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))
