"""Reads secrets from where a desk file says they are."""

from collections.abc import Mapping
from pathlib import Path

from mailcall.desk_file.schema import SecretReference

MAX_BYTES = 64 * 1024


class SecretError(Exception):
    """There is no secret in that place. The text says why, for people, without any secret."""


def reveal(reference: SecretReference, environ: Mapping[str, str], folder: Path) -> str | None:
    """The secret, or None where the stored one is to be kept. Raises SecretError.

    A file is sought from `folder`; the line break at its end is not part of the secret.
    """
    if reference.stored:
        return None
    if reference.env is not None:
        secret = environ.get(reference.env, "")
        if not secret:
            raise SecretError(f"The variable {reference.env} of the environment is not set, or empty.")
        return secret
    path = folder / Path(reference.file or "").expanduser()
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name is no file's"
        raise SecretError(f"The file {path} can't be read: {reason}.") from None
    try:
        secret = data.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise SecretError(f"The file {path} does not hold UTF-8 text.") from None
    if not secret or len(data) > MAX_BYTES:
        raise SecretError(f"The file {path} is empty, or too large for a secret.")
    return secret
