"""How long something takes, as people write it: `90`, `90m`, `4h`, `1d 2h`, to the minute."""

import re

_MINUTES = {"d": 24 * 60, "h": 60, "m": 1, "min": 1}
_PART = re.compile(r"(\d{1,7})\s*(d|h|min|m)(?![a-z])\s*", re.ASCII)
_MOST = 366 * 24 * 60


def parse_minutes(text: str) -> int:
    """The minutes of a text; a number alone is minutes, a day has 24 hours.

    Raises ValueError with a sentence.
    """
    written = text.strip().casefold()
    if written.isascii() and written.isdigit() and len(written) < 8:
        minutes = int(written)
    else:
        parts = _PART.findall(written)
        minutes = sum(int(count) * _MINUTES[unit] for count, unit in parts)
        if not parts or _PART.sub("", written):
            raise ValueError(f"“{text.strip()[:50]}” is no time: write such as 90m, 4h, 1h 30m, or 1d 2h.")
    if not 0 < minutes <= _MOST:
        raise ValueError("A time is between a minute and a year.")
    return minutes


def written(minutes: int) -> str:
    """Such as `26h` or `1h 30m`: never in days, of which working time has shorter ones."""
    hours, rest = divmod(minutes, 60)
    return (
        " ".join(part for part in (f"{hours}h" if hours else "", f"{rest}m" if rest else "") if part) or "0m"
    )


def written_seconds(seconds: int) -> str:
    """The same of seconds, to the minute below."""
    return written(seconds // 60)
