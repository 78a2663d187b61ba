"""Private mail servers for the tests: real Dovecot, real Postfix, and a scripted one that misbehaves."""
