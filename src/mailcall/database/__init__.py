"""What every app needs of the database: the SQLite backend with fair writers, encrypted fields, the ring."""
