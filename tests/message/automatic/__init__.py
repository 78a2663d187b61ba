"""Our own set: automatic replies and receipts as programs write them, and people's mails that come near."""
