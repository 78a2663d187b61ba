"""What the desk refuses, as sentences for people."""


class Refused(Exception):  # noqa: N818  a sentence reads so
    """The desk won't do it. The text is one sentence that says why; pages, answers and logs use it."""
