"""Keeps with each account and server when the certificate expires that was last seen there."""

from mailcall import certificates
from mailcall.inbound.models import IncomingAccount
from mailcall.outbound.models import OutgoingServer


def remember() -> None:
    """Write down what this process saw since the last time, so that every worker and page knows it."""
    seen = certificates.seen()
    if not seen:
        return
    for model in (IncomingAccount, OutgoingServer):
        rows = model.objects.values_list("pk", "server", "port", "certificate_ends_at")
        for pk, server, port, known in rows:
            ends = seen.get(certificates.place(server, port), known)
            if ends != known:
                model.objects.filter(pk=pk).update(certificate_ends_at=ends)
