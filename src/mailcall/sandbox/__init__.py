"""The demo: a loopback mail world (SMTP in, Maildirs as mailboxes) and a sample desk."""
