"""Reads lists of words as they stand in the source: one block, the words between bars."""


def words(block: str) -> tuple[str, ...]:
    """Give the words between `|`, with their blanks; line ends separate too."""
    return tuple(word for line in block.split("\n") for word in line.split("|") if word)
