"""Reads bounces with flufl.bounce, in the environment of the libraries that we are compared with.

Standard input: a JSON list of paths. Standard output: for each, `{"permanent": [...], "temporary": [...]}`.
"""

import email
import json
import sys
from pathlib import Path

from flufl.bounce import all_failures


def failures(path: str) -> dict[str, list[str]]:
    """Give what the library finds in one mail; nothing where it raises."""
    try:
        temporary, permanent = all_failures(email.message_from_bytes(Path(path).read_bytes()))
    except Exception:  # noqa: BLE001 - a mail that it cannot read is one in which it finds nothing
        return {"permanent": [], "temporary": []}
    return {"permanent": _texts(permanent), "temporary": _texts(temporary)}


def _texts(addresses: set[bytes]) -> list[str]:
    return sorted(address.decode("utf-8", "replace").lower() for address in addresses)


if __name__ == "__main__":
    json.dump([failures(path) for path in json.load(sys.stdin)], sys.stdout)
