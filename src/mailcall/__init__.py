"""Mailcall: a service desk that people work by email."""

__version__ = "0.1.0"
