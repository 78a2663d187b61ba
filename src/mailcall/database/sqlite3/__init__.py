"""Django's SQLite backend, with writers of all processes in one queue."""
