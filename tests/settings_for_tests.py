"""Django's settings for the tests: those of the product, on a data folder of each test process's own."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from mailcall import keyring

KEPT = {"MAILCALL_REQUIRE_SERVERS", "MAILCALL_TEST_DATABASE"}
for _name in [n for n in os.environ if n.startswith("MAILCALL_") and n not in KEPT]:
    del os.environ[_name]
os.environ["MAILCALL_DATA_DIR"] = tempfile.mkdtemp(prefix="mailcall-tests-")
if "MAILCALL_TEST_DATABASE" in os.environ:  # from servers/postgresql.py; Django makes databases beside it
    os.environ["MAILCALL_DATABASE_URL"] = os.environ["MAILCALL_TEST_DATABASE"]
    keyring.create(Path(os.environ["MAILCALL_DATA_DIR"]) / "keys")
atexit.register(shutil.rmtree, os.environ["MAILCALL_DATA_DIR"], ignore_errors=True)

from mailcall.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # quick; the product's is Argon2
