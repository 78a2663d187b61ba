"""Message types: their occasions and data, and which templates write them."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mailcall.desk.errors import Refused
from mailcall.outbound import template_saving
from mailcall.outbound.message_types import TYPES, MessageType
from mailcall.outbound.models import Template, TemplateRule, TemplateStamp, TypeName
from mailcall.outbound.occasions import by_entity, occasion
from mailcall.outbound.templating.data import data_of, sample_of
from mailcall.outbound.templating.filling import fill_builtin
from mailcall.outbound.templating.wording import LANGUAGES
from mailcall.web.access import administrators_only
from mailcall.web.acting import UNPROCESSABLE
from mailcall.web.mail_preview import preview_answer
from mailcall.web.template_forms import RuleForm, TypeNameForm


@require_safe
@administrators_only
def index(request: HttpRequest) -> HttpResponse:
    """All message types, by what they are about."""
    rules: dict[int, list[TemplateRule]] = {}
    for rule in TemplateRule.objects.select_related("template"):
        rules.setdefault(rule.type_code, []).append(rule)
    names = dict(TypeName.objects.values_list("type_code", "name"))
    entities = {
        entity: [
            (kind, names.get(kind.code, kind.name), *occasion(kind), rules.get(kind.code, ()))
            for kind in kinds
        ]
        for entity, kinds in by_entity().items()
    }
    return render(request, "web/templates/types.html", {"entities": entities})


@require_http_methods(["GET", "HEAD", "POST"])
@administrators_only
def show(request: HttpRequest, code: int) -> HttpResponse:
    """One message type; what is posted says when a template writes it."""
    kind = _kind(code)
    posted = request.POST if request.method == "POST" else None
    form = RuleForm(posted, kind=kind)
    if posted is not None and form.is_valid():
        rule = form.save(commit=False)
        try:
            template_saving.save_rule(rule)
        except Refused as refusal:
            form.add_error("template", str(refusal))
        else:
            messages.success(request, f"“{rule.template}” is used from now on.")
            return redirect("web:message-type", code)
    name = TypeName.objects.filter(type_code=code).first()
    to, when = occasion(kind)
    context = {
        "kind": kind,
        "name": name.name if name else kind.name,
        "to": to,
        "when": when,
        "data": data_of(kind),
        "rules": TemplateRule.objects.filter(type_code=code).select_related("template", "partition", "group"),
        "templates": Template.objects.filter(type_code=code),
        "form": form,
        "name_form": TypeNameForm(initial={"name": name.name if name else ""}),
        "languages": LANGUAGES,
    }
    status = UNPROCESSABLE if posted is not None else 200
    return render(request, "web/templates/type.html", context, status=status)


@require_POST
@administrators_only
def rename(request: HttpRequest, code: int) -> HttpResponse:
    """Call a message type otherwise; its code stays."""
    kind = _kind(code)
    form = TypeNameForm(request.POST)
    if not form.is_valid():
        messages.error(request, "A name has at most 100 characters.")
    elif (name := form.cleaned_data["name"]) and name != kind.name:
        TypeName.objects.update_or_create(type_code=code, defaults={"name": name})
        messages.success(request, f"{code} is called “{name}” now.")
    else:
        TypeName.objects.filter(type_code=code).delete()
        messages.success(request, f"{code} is called “{kind.name}”, as Mailcall has it.")
    TemplateStamp.renew()
    return redirect("web:message-type", code)


@require_safe
@administrators_only
def built_in(request: HttpRequest, code: int) -> HttpResponse:
    """What Mailcall's own template makes of a sample, for a frame."""
    kind, language = _kind(code), request.GET.get("language", "en")
    filled = fill_builtin(kind, language, sample_of(kind))
    return preview_answer(request, html=filled.html, text=filled.text)


@require_POST
@administrators_only
def remove_rule(request: HttpRequest, pk: int) -> HttpResponse:
    """No longer use a template under some conditions."""
    rule = get_object_or_404(TemplateRule.objects.select_related("template"), pk=pk)
    code, template = rule.type_code, rule.template
    template_saving.remove_rule(rule)
    messages.success(request, f"“{template}” is no longer used so.")
    return redirect("web:message-type", code)


def _kind(code: int) -> MessageType:
    if code not in TYPES:
        raise Http404
    return TYPES[code]
