"""The service desk itself: people, partitions, calls and what happens to them. Knows nothing of email."""
