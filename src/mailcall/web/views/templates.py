"""Templates of mails: written, looked at, tried, compared, gone back to."""

import difflib
from collections.abc import Iterator
from dataclasses import asdict

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mailcall.desk.errors import Refused
from mailcall.outbound import template_saving
from mailcall.outbound.message_types import TYPES, MessageType
from mailcall.outbound.models import Layout, Template, TemplateChannel, TemplateFile, TemplateVersion
from mailcall.outbound.template_trying import send_test, values_for, work_to_try
from mailcall.outbound.templating import builtin
from mailcall.outbound.templating.checking import Sources
from mailcall.outbound.templating.data import data_of
from mailcall.outbound.templating.engine import FILTERS, TemplateError
from mailcall.outbound.templating.filling import compile_template, fill, fill_line
from mailcall.outbound.templating.wording import DEFAULT, LANGUAGES, nearest
from mailcall.web.access import acting_person, administrators_only
from mailcall.web.acting import UNPROCESSABLE, author
from mailcall.web.mail_preview import preview_answer
from mailcall.web.paging import key_from
from mailcall.web.template_forms import FileForm, NewTemplateForm, SourcesForm, TryForm


@require_http_methods(["GET", "HEAD", "POST"])
@administrators_only
def new(request: HttpRequest, code: int) -> HttpResponse:
    """Begin a template with what Mailcall says."""
    kind = _kind(code)
    posted = request.POST if request.method == "POST" else None
    form = NewTemplateForm(posted, instance=Template(type_code=code), initial={"language": DEFAULT})
    if posted is not None and form.is_valid():
        template = form.save()
        return redirect(_editor(template, form.cleaned_data["language"]))
    status = UNPROCESSABLE if posted is not None else 200
    return render(request, "web/templates/new.html", {"form": form, "kind": kind}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@administrators_only
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """The editor of a template in one language; what is posted becomes a version."""
    template = _template(pk)
    kind = _kind(template.type_code)
    language = _language(request, template)
    newest = template_saving.newest(template, language)
    status = 200
    warnings: tuple[str, ...] = ()
    if request.method == "POST":
        form = SourcesForm(request.POST, channel=template.channel)
        status = UNPROCESSABLE
        if form.is_valid():
            try:
                version = template_saving.save_version(template, language, form.sources(), **author(request))
            except template_saving.BadTemplate as bad:
                for problem in bad.problems:
                    field = problem.place if problem.place in form.fields else None
                    form.add_error(field, str(problem))
            else:
                messages.success(request, f"Version {version.number} is kept.")
                return redirect(_editor(template, language))
    else:
        sources = _sources(newest) if newest else _first(kind, template, language)
        form = SourcesForm(initial=asdict(sources), channel=template.channel)
        warnings = template_saving.judged(template, language, sources).warnings
    languages = sorted({*template.versions.values_list("language", flat=True), language, *LANGUAGES})
    context = {
        "template": template,
        "kind": kind,
        "language": language,
        "languages": languages,
        "newest": newest,
        "form": form,
        "warnings": warnings,
        "data": data_of(kind),
        "filters": [(name, meaning) for name, (_, meaning) in FILTERS.items()],
        "parts": sorted(builtin.engine("html", language).parts),
        "versions": template.versions.filter(language=language).order_by("-number")[:50],
        "files": template.files.all(),
        "file_form": FileForm(),
        "layouts": Layout.objects.all(),
        "is_mail": template.channel == TemplateChannel.EMAIL,
        "rules": template.rules.select_related("partition", "group"),
    }
    return render(request, "web/templates/template.html", context, status=status)


@require_POST
@administrators_only
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """What is typed, filled with a sample or with what has a number, for a frame."""
    template = _template(pk)
    kind, language = _kind(template.type_code), _language(request, template)
    form, trying = SourcesForm(request.POST, channel=template.channel), TryForm(request.POST)
    if not form.is_valid() or not trying.is_valid():
        return preview_answer(request, problems=["Something is too long, or the number is none."])
    sources = form.sources()
    checked = template_saving.judged(template, language, sources)
    problems = [str(problem) for problem in checked.problems]
    if problems:
        return preview_answer(request, problems=problems)
    number = trying.cleaned_data["number"]
    try:
        values = values_for(kind, work_to_try(kind, number) if number else None)
        line = builtin.engine("txt", language)
        subject = fill_line(line.compile(sources.subject), kind, language, values) if sources.subject else ""
        if template.channel != TemplateChannel.EMAIL:
            return preview_answer(
                request, text=fill_line(line.compile(sources.text), kind, language, values), subject=subject
            )
        layout_html, layout_text = template_saving.layout_of(template)
        filled = fill(
            compile_template(language, sources.html, sources.text, layout_html, layout_text), kind, values
        )
    except (Refused, TemplateError) as error:
        return preview_answer(request, problems=[str(error)])
    images = {
        file.cid: (file.content_type, file.content.read())
        for file in template.files.exclude(cid="").select_related("content")
    }
    return preview_answer(
        request,
        html=filled.html,
        text=filled.text,
        subject=subject,
        warnings=checked.warnings,
        images=images,
    )


@require_POST
@administrators_only
def test(request: HttpRequest, pk: int) -> HttpResponse:
    """Send what the newest version makes to whoever is signed in."""
    template, person = _template(pk), acting_person(request)
    language, trying = _language(request, template), TryForm(request.POST)
    kind = _kind(template.type_code)
    version = template_saving.newest(template, language)
    if person is None:
        messages.error(request, "You have no address: your sign-in belongs to no person.")
    elif version is None:
        messages.error(request, "Save it first: a test is sent by a version.")
    elif not trying.is_valid():
        messages.error(request, "That is no number.")
    else:
        number = trying.cleaned_data["number"]
        try:
            message = send_test(version, kind, work_to_try(kind, number) if number else None, person)
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            said = f"Version {version.number} is on its way to {person.email} (message {message.pk})."
            messages.success(request, said)
    return redirect(_editor(template, language))


@require_POST
@administrators_only
def lay_out(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a template another layout."""
    template = _template(pk)
    key = key_from(request.POST.get("layout"))
    layout = get_object_or_404(Layout, pk=key) if key else None
    try:
        template_saving.lay_out(template, layout, **author(request))
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"Its layout is {layout or 'that of Mailcall'} now.")
    return redirect("web:template", pk)


@require_POST
@administrators_only
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a template that was never used."""
    template = _template(pk)
    try:
        template_saving.remove_template(template)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("web:template", pk)
    messages.success(request, f"The template “{template}” is removed.")
    return redirect("web:message-type", template.type_code)


@require_POST
@administrators_only
def add_file(request: HttpRequest, pk: int) -> HttpResponse:
    """Have a file go with each mail."""
    template = _template(pk)
    form = FileForm(request.POST, request.FILES)
    if not form.is_valid():
        messages.error(request, "Choose a file first.")
        return redirect("web:template", pk)
    upload = form.cleaned_data["file"]
    try:
        data = upload.read(template_saving.MOST_FILE + 1)  # a byte more is refused
        file = template_saving.add_file(template, upload.name, data, cid=form.cleaned_data["cid"])
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"{file.name} goes with each mail now.")
    return redirect("web:template", pk)


@require_POST
@administrators_only
def remove_file(request: HttpRequest, pk: int) -> HttpResponse:
    """No longer send a file."""
    file = get_object_or_404(TemplateFile.objects.select_related("template"), pk=pk)
    template = file.template_id
    try:
        template_saving.remove_file(file)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"{file.name} is no longer sent.")
    return redirect("web:template", template)


@require_safe
@administrators_only
def compare(request: HttpRequest, pk: int) -> HttpResponse:
    """A version beside another: by default the one before it."""
    version = get_object_or_404(TemplateVersion.objects.select_related("template"), pk=pk)
    versions = version.template.versions.filter(language=version.language).order_by("-number")
    other = versions.filter(pk=key_from(request.GET.get("with")) or 0).first()
    other = other or versions.filter(number__lt=version.number).first()
    places = (("Subject", "subject"), ("HTML", "html"), ("Plain text", "text"), ("Layout", "layout_html"))
    changes = [
        (label, list(_changes(getattr(other, name) if other else "", getattr(version, name))))
        for label, name in places
    ]
    context = {"version": version, "other": other, "versions": versions[:100], "changes": changes}
    return render(request, "web/templates/compare.html", context)


@require_POST
@administrators_only
def back(request: HttpRequest, pk: int) -> HttpResponse:
    """Say again what an old version said."""
    version = get_object_or_404(TemplateVersion.objects.select_related("template__layout"), pk=pk)
    try:
        made = template_saving.go_back(version, **author(request))
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("web:template-version", pk)
    messages.success(request, f"Version {made.number} says what version {version.number} did.")
    return redirect(_editor(version.template, version.language))


def _changes(old: str, new: str) -> Iterator[tuple[str, str]]:
    """The lines of a comparison, each with `added`, `gone` or nothing."""
    for line in difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=2):
        if not line.startswith(("---", "+++")):
            yield {"+": "added", "-": "gone", "@": "place"}.get(line[:1], ""), line


def _editor(template: Template, language: str) -> str:
    return f"{reverse('web:template', args=[template.pk])}?language={language}"


def _language(request: HttpRequest, template: Template) -> str:
    """The language that is asked for, if it may be one; else the first that the template has."""
    asked = (request.POST.get("language") or request.GET.get("language") or "")[:35]
    if asked and all(part.isalnum() and part.isascii() for part in asked.split("-")):
        return asked
    return template.versions.order_by("pk").values_list("language", flat=True).first() or DEFAULT


def _sources(version: TemplateVersion) -> Sources:
    return Sources(version.subject, version.html, version.text)


def _first(kind: MessageType, template: Template, language: str) -> Sources:
    """What to begin with: what Mailcall says, in the nearest language."""
    if template.channel != TemplateChannel.EMAIL:
        return Sources(text="{{ subject }}")
    near = nearest(language, LANGUAGES) or DEFAULT
    return Sources("", builtin.source(kind, near, "html"), builtin.source(kind, near, "txt"))


def _template(pk: int) -> Template:
    return get_object_or_404(Template.objects.select_related("layout"), pk=pk)


def _kind(code: int) -> MessageType:
    if code not in TYPES:
        raise Http404
    return TYPES[code]
