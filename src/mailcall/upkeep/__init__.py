"""A desk as a whole: moved to another database, backed up, restored."""
