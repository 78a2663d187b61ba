"""What all tests share: the private servers, a small desk, whole installations; how properties are tried."""

import os

import hypothesis

pytest_plugins = ["servers.fixtures", "desks", "installations"]

# The same examples each time, so that a red run is about the change; `make test-all` searches further.
hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None)
hypothesis.settings.register_profile("searching", max_examples=500, deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))
