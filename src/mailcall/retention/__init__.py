"""How long the desk keeps what: rules that remove with time, the erasure of a person, files nobody names."""
