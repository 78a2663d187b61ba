"""Why a desk was not moved, backed up or restored, in a sentence for people."""


class UpkeepError(Exception):
    """It was not done. The text says why and what to do; nothing was touched, unless it says so."""
