"""Django's settings for the tests: those of the product, on a data folder of each test process's own."""

import atexit
import os
import shutil
import tempfile

for _name in [n for n in os.environ if n.startswith("MAILCALL_") and n != "MAILCALL_REQUIRE_SERVERS"]:
    del os.environ[_name]
os.environ["MAILCALL_DATA_DIR"] = tempfile.mkdtemp(prefix="mailcall-tests-")
atexit.register(shutil.rmtree, os.environ["MAILCALL_DATA_DIR"], ignore_errors=True)

from mailcall.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # quick; the product's is Argon2
