"""What the desk refuses, as sentences for people."""


class Refused(Exception):
    """The desk won't do it. The text is one sentence that says why; pages, answers and logs use it."""
