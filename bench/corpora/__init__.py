"""Scores on mail that nobody here wrote: `make corpora` prints them and keeps them in the documentation."""
