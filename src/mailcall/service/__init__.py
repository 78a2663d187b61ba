"""The Messaging Service: which job runs when, on which engine, and who has what in hand."""
