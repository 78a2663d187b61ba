"""Templates of mails: Liquid within bounds, what it may use, and the templates that Mailcall comes with."""
