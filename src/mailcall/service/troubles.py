"""Trouble with the machine itself, in sentences for people."""

import errno


def explain(error: Exception) -> str:
    """Trouble with the machine, in one sentence."""
    text = str(error)
    if "database is locked" in text:
        return "The database is locked by another process."
    if "disk is full" in text or getattr(error, "errno", None) in {errno.ENOSPC, errno.EDQUOT}:
        return "The disk is full; make room."
    if "readonly" in text or getattr(error, "errno", None) in {errno.EROFS, errno.EACCES}:
        return f"The data folder can't be written ({text})."
    return f"{text.rstrip('.')}."
