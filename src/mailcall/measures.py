"""What Mailcall counts while it works, in Prometheus's terms; `service.metrics` shows it to whoever asks."""

from prometheus_client import Counter, Histogram

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30, 60, 300, 1800, 7200)

MAILS_JOURNALLED = Counter("mailcall_mails_journalled", "Mails written to the journal.", ["account"])
MAILS_DONE = Counter("mailcall_mails_done", "Mails dealt with, by what became of them.", ["outcome"])
MAILS_FAILED = Counter("mailcall_mails_failed", "Attempts at a mail that failed; it is tried again, or held.")
MAIL_SECONDS = Histogram(
    "mailcall_mail_seconds", "From a mail's arrival in the journal to its outcome.", buckets=_SECONDS
)
DELIVERIES = Counter(
    "mailcall_deliveries",
    "Tries to hand a mail over, by recipient and by how each ended.",
    ["server", "state"],
)
DELIVERY_SECONDS = Histogram(
    "mailcall_delivery_seconds", "From the message table to a server's word that it has it.", buckets=_SECONDS
)
DUE_DONE = Counter("mailcall_due_done", "What the clock brought to a task or a call and was done.", ["what"])
DUE_FAILED = Counter(
    "mailcall_due_failed", "What the clock brought and could not be done; it is tried again.", ["what"]
)
