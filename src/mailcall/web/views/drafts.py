"""One draft: written on, saved by itself, given files, sent now or later, thrown away."""

from collections.abc import Callable, Mapping, Sequence

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from mailcall.desk.errors import Refused
from mailcall.desk.models import Right
from mailcall.outbound import drafts, sending
from mailcall.outbound.addressing import Match, addressed, find_readers
from mailcall.outbound.drafts import Moved
from mailcall.outbound.letters import MOST_BYTES
from mailcall.outbound.models import Draft
from mailcall.outbound.ready_words import put_into, words_of_snippet, words_of_template
from mailcall.outbound.recipients import partition_of
from mailcall.outbound.snapshots import moment
from mailcall.web.access import acting_person, analysts_only, demand
from mailcall.web.acting import CONFLICT, UNPROCESSABLE
from mailcall.web.compose_page import ComposeForm, moment_typed, page_of, panel, render_compose
from mailcall.web.paging import key_from

LOOK_FIRST = "Look at whom this mail goes to, below the fields. Then send it."


@require_http_methods(["GET", "HEAD", "POST"])
@analysts_only
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The page of a draft. What is posted is saved first; then what its button asks for is done."""
    draft = own_draft(request, pk)
    if draft.sent_at:
        return redirect(page_of(draft.about))
    if request.method != "POST":
        return render_compose(request, draft)
    return answer(request, draft)


def own_draft(request: HttpRequest, pk: int) -> Draft:
    """A draft of whoever is signed in, about what they may see; nobody else learns that it is there."""
    rows = Draft.objects.filter(author=acting_person(request)).select_related(
        *("author", "answers", "message__entry", "call__user", "call__partition"),
        *("request__user", "request__partition", "task__request__user", "task__request__partition"),
        *("task__call__user", "task__call__partition"),
    )
    draft = get_object_or_404(rows, pk=pk)
    demand(request, Right.VIEW, partition_of(draft.about))
    return draft


def answer(request: HttpRequest, draft: Draft) -> HttpResponse:
    """Save what was posted, and do what was asked for."""
    demand(request, Right.UPDATE, partition_of(draft.about))
    do, _, which = request.POST.get("do", "save").partition(":")
    if draft.send_at and do in _ON_PLANNED:
        return _tried(request, draft, lambda: _ON_PLANNED[do](request, draft))
    form = ComposeForm(request.POST)
    if not form.is_valid():
        return _again(request, draft, form, UNPROCESSABLE, problems=form.sentences())
    if do in _UNSAVED:
        return _UNSAVED[do](request, draft, form)
    try:
        version, tab = key_from(request.POST.get("version")) or 0, request.POST.get("tab", "")[:32]
        saved = drafts.save(draft, form.typed(), version=version, tab=tab, anyway=do == "overwrite")
    except Refused as refusal:
        moved = str(refusal) if isinstance(refusal, Moved) else ""
        problems = [] if moved else [str(refusal)]
        return _again(request, draft, form, CONFLICT, problems=problems, moved=moved)
    if _is_by_itself(request):
        return _part(request, saved, do)
    if do not in _ACTIONS:
        raise Http404
    return _tried(request, saved, lambda: _ACTIONS[do](request, saved, which))


def _is_by_itself(request: HttpRequest) -> bool:
    """Whether the page asked, and nobody pressed a button."""
    return bool(request.headers.get("HX-Request"))


def _part(request: HttpRequest, draft: Draft, do: str) -> HttpResponse:
    """Whom a search found; else how the draft stands, now that it is saved."""
    if do == "find":
        return render(request, "web/compose/found.html", {"draft": draft, "found": _found(request, draft)})
    context = {**panel(draft), "saved_at": timezone.localtime(), "fresh": True}
    return render(request, "web/compose/state.html", context)


def _tried(request: HttpRequest, draft: Draft, action: Callable[[], HttpResponse]) -> HttpResponse:
    try:
        return action()
    except Refused as refusal:
        current = own_draft(request, draft.pk)
        return render_compose(request, current, problems=[str(refusal)], status=UNPROCESSABLE)


def _again(
    request: HttpRequest,
    draft: Draft,
    form: ComposeForm,
    status: int,
    *,
    problems: Sequence[str] = (),
    moved: str = "",
) -> HttpResponse:
    """The page, or for the page only what is wrong, with what was typed, though it is not saved."""
    for name, value in form.typed().items():
        setattr(draft, name, value)
    draft.version = key_from(request.POST.get("version")) or 0
    if _is_by_itself(request):  # htmx shows nothing that has another status
        context = {"problems": problems, "moved": moved, "draft": draft}
        return render(request, "web/compose/wrong.html", context)
    return render_compose(request, draft, problems=problems, moved=moved, status=status)


def _save(request: HttpRequest, draft: Draft, _: str) -> HttpResponse:
    _attach_posted(request, draft)
    messages.success(request, "The draft is saved.")
    return redirect("web:draft", draft.pk)


def _send(request: HttpRequest, draft: Draft, _: str) -> HttpResponse:
    _attach_posted(request, draft)
    refuse_unseen(request, draft)
    sending.send(draft)
    return redirect(f"{page_of(draft.about)}#reply")


def refuse_unseen(request: HttpRequest, draft: Draft) -> None:
    """Raise Refused when mail can't go to one of its readers, or the page showed others."""
    readers = addressed(draft)
    readers.refuse_unreachable()
    if readers.readers and request.POST.get("seen") != readers.digest:
        raise Refused(LOOK_FIRST)


def _later(request: HttpRequest, draft: Draft, _: str) -> HttpResponse:
    _attach_posted(request, draft)
    refuse_unseen(request, draft)
    return _plan(request, draft)


def _plan(request: HttpRequest, draft: Draft) -> HttpResponse:
    planned = sending.schedule(draft, moment_typed(request.POST.get("send_at", ""), draft.author))
    if planned.send_at:
        messages.success(request, f"The mail leaves {moment(planned.send_at, draft.author)}.")
    return redirect(f"{page_of(draft.about)}#reply")


def _stop(request: HttpRequest, draft: Draft) -> HttpResponse:
    sending.stop_sending(draft)
    messages.success(request, "The mail doesn't leave by itself any more.")
    return redirect("web:draft", draft.pk)


def _find(request: HttpRequest, draft: Draft, _: str) -> HttpResponse:
    return render_compose(request, draft, found=_found(request, draft))


def _found(request: HttpRequest, draft: Draft) -> list[Match]:
    return find_readers(draft.about, request.POST.get("find", ""))


def _add(request: HttpRequest, draft: Draft, which: str) -> HttpResponse:
    """Put somebody who was found, or takes part, into a field."""
    field, _, boxes = which.partition(":")
    if field not in {"to", "cc", "bcc"}:
        raise Http404
    there = getattr(draft, field).strip().rstrip(",;")
    both = ", ".join(part for part in (there, boxes) if part)
    drafts.save(draft, {field: both}, version=draft.version)
    return redirect("web:draft", draft.pk)


def _insert(request: HttpRequest, draft: Draft, _: str) -> HttpResponse:
    """Put a snippet below what was written, above what is quoted."""
    snippet = drafts.snippets_for(draft.about).filter(pk=key_from(request.POST.get("snippet")) or 0).first()
    if snippet is None:
        raise Refused("Choose a text to put in.")
    drafts.save(draft, put_into(draft, words_of_snippet(snippet, draft)), version=draft.version)
    return redirect("web:draft", draft.pk)


def _begin_with(request: HttpRequest, draft: Draft, _: str) -> HttpResponse:
    """Put in what a template says."""
    words = words_of_template(key_from(request.POST.get("template")) or 0, draft)
    drafts.save(draft, put_into(draft, words), version=draft.version)
    return redirect("web:draft", draft.pk)


def _attach(request: HttpRequest, draft: Draft, _: str) -> HttpResponse:
    if not _attach_posted(request, draft):
        raise Refused("Choose a file first.")
    return redirect("web:draft", draft.pk)


def _attach_posted(request: HttpRequest, draft: Draft) -> bool:
    """Whether there were any files."""
    posted = request.FILES.getlist("files")
    if sum(file.size or 0 for file in posted) > MOST_BYTES:
        raise Refused(f"These files are too big: {MOST_BYTES // 2**20} MB is the most for one mail.")
    if posted:
        drafts.attach(draft, [(file.name or "", file.read()) for file in posted])
    keys = [key for key in map(key_from, request.POST.getlist("entity_file")) if key]
    if keys:
        drafts.attach_from(draft, keys)
    return bool(posted or keys)


def _detach(request: HttpRequest, draft: Draft, which: str) -> HttpResponse:
    drafts.detach(draft, key_from(which) or 0)
    return redirect("web:draft", draft.pk)


def _copy(request: HttpRequest, draft: Draft, form: ComposeForm) -> HttpResponse:
    made = drafts.copy_of(draft, form.typed())
    messages.success(request, "What you typed is a draft of its own now.")
    return redirect("web:draft", made.pk)


def _discard(request: HttpRequest, draft: Draft, _: ComposeForm | None = None) -> HttpResponse:
    about = page_of(draft.about)
    drafts.forget(Draft.objects.filter(pk=draft.pk, sent_at=None))
    messages.success(request, "The draft is thrown away.")
    return redirect(about)


_ACTIONS: Mapping[str, Callable[[HttpRequest, Draft, str], HttpResponse]] = {
    "save": _save,
    "overwrite": _save,
    "send": _send,
    "later": _later,
    "find": _find,
    "add": _add,
    "insert": _insert,
    "template": _begin_with,
    "attach": _attach,
    "detach": _detach,
}
_UNSAVED: Mapping[str, Callable[[HttpRequest, Draft, ComposeForm], HttpResponse]] = {
    "copy": _copy,
    "discard": _discard,
}
_ON_PLANNED: Mapping[str, Callable[[HttpRequest, Draft], HttpResponse]] = {
    "later": _plan,
    "stop": _stop,
    "discard": _discard,
}
