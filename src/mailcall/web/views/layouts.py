"""Layouts: what stands around the content of several templates."""

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from mailcall.outbound import template_saving
from mailcall.outbound.models import Layout
from mailcall.outbound.templating import builtin
from mailcall.web.access import administrators_only
from mailcall.web.acting import UNPROCESSABLE, author
from mailcall.web.template_forms import LayoutForm


@require_safe
@administrators_only
def index(request: HttpRequest) -> HttpResponse:
    """All of them, with how many templates each has."""
    layouts = Layout.objects.annotate(templates=Count("template")).order_by("name")
    return render(request, "web/templates/layouts.html", {"layouts": layouts})


@require_http_methods(["GET", "HEAD", "POST"])
@administrators_only
def new(request: HttpRequest) -> HttpResponse:
    """Begin one with Mailcall's own."""
    return _form(request, Layout(html=builtin.layout_source("html"), text=builtin.layout_source("txt")))


@require_http_methods(["GET", "HEAD", "POST"])
@administrators_only
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change one, and so all templates that use it."""
    return _form(request, get_object_or_404(Layout, pk=pk))


def _form(request: HttpRequest, layout: Layout) -> HttpResponse:
    title = layout.name if layout.pk else "A new layout"
    posted = request.POST if request.method == "POST" else None
    form = LayoutForm(posted, instance=layout)
    if posted is not None and form.is_valid():
        try:
            template_saving.save_layout(form.save(commit=False), **author(request))
        except template_saving.BadTemplate as bad:
            for problem in bad.problems:
                form.add_error("text" if problem.place == "layout_text" else "html", str(problem))
        else:
            messages.success(request, f"The layout “{layout}” is kept, and its templates use it.")
            return redirect("web:layouts")
    context = {"form": form, "title": title, "layout": layout}
    status = UNPROCESSABLE if posted is not None else 200
    return render(request, "web/templates/layout.html", context, status=status)
