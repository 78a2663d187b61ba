"""What came with a mail: its HTML as sent, its files, its images."""

from django.core.files.storage import default_storage
from django.core.signing import BadSignature
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from mailcall.desk.models import Attachment, Partition, Right, TimelineEntry
from mailcall.web import safety
from mailcall.web.access import analysts_only, demand

_OWNERS = tuple(f"{owner}__partition" for owner in ("call", "request", "task__call", "task__request"))
OWNED = TimelineEntry.objects.select_related(*_OWNERS)


@require_safe
@analysts_only
def as_sent(request: HttpRequest, pk: int) -> HttpResponse:
    """The cleaned HTML of an entry, for a sandboxed frame. `images=1` loads remote images too."""
    entry = get_object_or_404(OWNED.only("html", *_OWNERS), pk=pk)
    demand(request, Right.VIEW, partition_of_entry(entry))
    images = entry.attachments.filter(content_type__in=safety.RASTER_TYPES).exclude(cid="")
    cid = {name.strip("<>"): safety.inline_image_url(key) for key, name in images.values_list("pk", "cid")}
    return safety.frame(request, entry.html, cid=cid, remote_images=request.GET.get("images") == "1")


@require_safe
@analysts_only
def text(request: HttpRequest, pk: int) -> HttpResponse:
    """The whole text of an entry that is too long for the page, and what it quotes, as plain text."""
    entry = get_object_or_404(OWNED.only("text", "quoted_text", *_OWNERS), pk=pk)
    demand(request, Right.VIEW, partition_of_entry(entry))
    whole = "\n\n".join(filter(None, (entry.text, entry.quoted_text)))
    return safety.source_answer(whole.encode(), name=f"entry-{pk}.txt", download=False)


@require_safe
@analysts_only
def attachment(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A file, always to be saved, never shown."""
    found = get_object_or_404(Attachment.objects.select_related("content"), pk=pk)
    demand(request, Right.VIEW, partition_of_entry(OWNED.only(*_OWNERS).get(pk=found.entry_id)))
    answer = _bytes(found)
    return safety.guard(answer, name=found.name)


@require_safe
def inline_image(request: HttpRequest, token: str) -> HttpResponseBase:
    """An image that a mail shows within its text. The token names it and stands in for a sign-in."""
    try:
        key = safety.inline_image_key(token)
    except (BadSignature, ValueError):
        raise Http404 from None
    found = get_object_or_404(Attachment.objects.select_related("content"), pk=key)
    if found.content_type.lower() not in safety.RASTER_TYPES:
        raise Http404
    answer = safety.guard(_bytes(found), name=found.name, download=False)
    # The frame that shows it has an origin of its own.
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    answer.headers["Cache-Control"] = f"private, max-age={safety.INLINE_SECONDS}"
    return answer


def partition_of_entry(entry: TimelineEntry) -> Partition:
    """Whose call, request or task it is an entry of; `OWNED` has it at hand."""
    owner = entry.call or entry.request
    if entry.task:
        owner = entry.task.call or entry.task.request
    assert owner is not None  # a constraint of the table
    return owner.partition


def _bytes(found: Attachment) -> HttpResponseBase:
    content_type = safety.safe_type(found.content_type)
    if found.content.data is not None:
        return HttpResponse(bytes(found.content.data), content_type=content_type)
    try:
        return FileResponse(default_storage.open(found.content.storage_name), content_type=content_type)
    except OSError:
        raise Http404("The file is missing from the storage.") from None
