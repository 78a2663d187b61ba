"""Texts that are kept ready for mails: seen by analysts, written by administrators."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mailcall.outbound.models import Snippet
from mailcall.web.access import administrators_only, analysts_only, visible_partitions
from mailcall.web.acting import UNPROCESSABLE
from mailcall.web.forms import words_field


class SnippetForm(forms.ModelForm):  # type: ignore[type-arg]
    """A text with its name."""

    text = words_field(8, label="Text", error_messages={"required": "It needs some text."})

    class Meta:
        model = Snippet
        fields = ["name", "partition", "language", "text"]
        error_messages = {
            "name": {
                "required": "It needs a name, by which analysts choose it.",
                "unique": "There is a text with this name.",
            }
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["partition"].empty_label = "all"  # type: ignore[attr-defined]


@require_safe
@analysts_only
def index(request: HttpRequest) -> HttpResponse:
    """All that may be of use to whoever looks: those for all partitions, and of those they may see."""
    rows = Snippet.objects.select_related("partition")
    if (partitions := visible_partitions(request)) is not None:
        rows = rows.filter(Q(partition=None) | Q(partition__in=partitions))
    return render(request, "web/compose/snippets.html", {"snippets": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@administrators_only
def new(request: HttpRequest) -> HttpResponse:
    """Write one."""
    return _form(request, Snippet())


@require_http_methods(["GET", "HEAD", "POST"])
@administrators_only
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change one."""
    return _form(request, get_object_or_404(Snippet, pk=pk))


@require_POST
@administrators_only
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove one."""
    snippet = get_object_or_404(Snippet, pk=pk)
    snippet.delete()
    messages.success(request, f"The text {snippet} is removed.")
    return redirect("web:snippets")


def _form(request: HttpRequest, snippet: Snippet) -> HttpResponse:
    title = snippet.name if snippet.pk else "A new text"
    form = SnippetForm(request.POST or None, instance=snippet)
    if request.method == "POST" and form.is_valid():
        saved = form.save()
        messages.success(request, f"The text {saved} is saved.")
        return redirect("web:snippets")
    context = {"form": form, "title": title, "snippet": snippet}
    status = UNPROCESSABLE if form.is_bound else 200
    return render(request, "web/compose/snippet.html", context, status=status)
