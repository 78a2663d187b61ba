"""What all tests share: the private servers and a small desk."""

pytest_plugins = ["servers.fixtures", "desks", "installations"]
