"""Changing a programme: one plain form for all of it, every reason beside what it is about, a new version for a reason."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext

from yanzhen.engines.programmes.actions.editing import change
from yanzhen.engines.programmes.eligibility import RULES
from yanzhen.engines.programmes.models import Definition
from yanzhen.engines.programmes.stages import LABELS
from yanzhen.engines.programmes.wording import PARTS
from yanzhen.faces.console.forms import act_form, text_field
from yanzhen.faces.console.pages import page, see_other, sent, show
from yanzhen.faces.console.programmes.definitions import found
from yanzhen.faces.console.programmes.sheet import LISTS, SINGLE, Sheet
from yanzhen.faces.http import AccountRequest
from yanzhen.foundation.errors import Invalid, NotAllowed, Refusal


@page("GET", "HEAD", "POST")
def editing(request: AccountRequest, pk: int) -> HttpResponse:
    definition = found(request, pk)
    if not request.user.has_right("programme.edit", definition):
        raise NotAllowed(gettext("您在该区划没有“设置评选项目”权限"))
    data = sent(request)
    if data is None:
        return _page(request, definition, Sheet.of(definition.form), _why(None))
    sheet = Sheet.sent(data)
    if added := data.get("add"):
        sheet.add(added, data.get(f"{added}-new", ""))
        return _page(request, definition, sheet.again(), _why_again(data))
    return _saved(request, definition, sheet, _why(data))


def _saved(request: AccountRequest, definition: Definition, sheet: Sheet, why: forms.Form) -> HttpResponse:
    """Make the next version, or show everything again with each reason at its field."""
    refusal: Refusal | None = None
    if not (sheet.is_valid() & why.is_valid()):
        refusal = Invalid(gettext("有的项目没有填对，请看标红处"))
    else:
        form = {**definition.form, **sheet.plain()}
        try:
            made = change(definition, form, why=why.cleaned_data["why"], actor=request.user)
        except Refusal as refused:
            refusal = refused
            sheet.explain(refused)
        else:
            messages.success(request, gettext("已存为第 %s 版；已启动的轮次不受影响") % made.version)
            return see_other(reverse("console:definition", args=[made.pk]))
    return _page(request, definition, sheet, why, refusal)


def _page(
    request: AccountRequest,
    definition: Definition,
    sheet: Sheet,
    why: forms.Form,
    refusal: Refusal | None = None,
) -> HttpResponse:
    context = {
        "definition": definition,
        "basics": sheet.single[""],
        "singles": [(part, PARTS[part], sheet.single[part]) for part in SINGLE if part],
        "lists": [(part, PARTS[part], sheet.lists[part], sheet.faults.get(part, []), _new(part)) for part in LISTS],
        "faults": sheet.faults.get("", []),
        "why": why,
        "refusal": refusal,
    }  # fmt: skip
    return show(request, "console/programmes/edit.html", context, status=refusal.status if refusal else 200)


def _new(part: str) -> list[tuple[str, str]]:
    if part == "stages":
        return [(code, label) for code, label in LABELS.items()]
    return [(rule.code, rule.label) for rule in RULES] if part == "conditions" else []


def _why(data: QueryDict | None) -> forms.Form:
    return act_form({"why": _why_field()}, data)


def _why_again(data: QueryDict) -> forms.Form:
    form = forms.Form(initial={"why": data.get("why", "")})
    form.fields["why"] = _why_field()
    return form


def _why_field() -> forms.Field:
    return text_field(gettext("改了什么、为什么改"), help_text=gettext("与新版本一起保存，别人能看到"))
