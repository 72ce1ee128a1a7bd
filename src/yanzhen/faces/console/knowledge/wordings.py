"""Scripts and reply templates: listed, written, retired."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yanzhen.domains.hotline.knowledge import actions, queries
from yanzhen.domains.hotline.knowledge.models import ReplyTemplate, Script, Wording
from yanzhen.domains.hotline.knowledge.rights import EDIT
from yanzhen.faces.console.knowledge.articles import demand_view
from yanzhen.faces.console.knowledge.fields import Placed, home_of
from yanzhen.faces.console.pages import attempt, page, see_other, sent, show
from yanzhen.faces.http import AccountRequest
from yanzhen.foundation.errors import NotAllowed

WAYS = ("GET", "HEAD", "POST")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of wording; `code` stands in its addresses."""

    code: str
    label: Any
    model: type[Wording]
    form: type[Placed]
    about: Any


class ScriptForm(Placed):
    title = forms.CharField(label=_("名称"), max_length=40)
    text = forms.CharField(
        label=_("问题（每行一个）"), max_length=2000, widget=forms.Textarea(attrs={"rows": 10})
    )
    source = forms.CharField(label=_("来源"), max_length=200)
    active = forms.BooleanField(label=_("启用"), required=False)


class TemplateForm(Placed):
    title = forms.CharField(label=_("名称"), max_length=40)
    text = forms.CharField(
        label=_("正文"),
        help_text=_(
            "可用 {编号}{诉求标题}{承办单位}{今天}{到期日}；须由承办人填写的写作【金额】，没有填写的不能答复"
        ),
        max_length=3000,
        widget=forms.Textarea(attrs={"rows": 10}),
    )
    active = forms.BooleanField(label=_("启用"), required=False)


KINDS = {
    kind.code: kind
    for kind in (
        Kind("scripts", _("话术"), Script, ScriptForm, _("登记时照着问的问题。工单页的“知识与话术”按类别给出。")),
        Kind("templates", _("答复模板"), ReplyTemplate, TemplateForm,
             _("答复从这里起笔。工单页按类别给出，占位符已经填好，【…】须由承办人填写。")),
    )
}  # fmt: skip


class KindConverter:
    regex = "|".join(KINDS)

    def to_python(self, value: str) -> Kind:
        return KINDS[value]

    def to_url(self, kind: Kind | str) -> str:
        return kind if isinstance(kind, str) else kind.code


@page("GET", "HEAD")
def listing(request: AccountRequest, kind: Kind) -> HttpResponse:
    demand_view(request.user)
    account = request.user
    rows = [
        (row, row.text.splitlines(), account.has_right(EDIT, row))
        for row in queries.wordings(kind.model, account)
    ]
    context = {"kind": kind, "rows": rows, "tab": kind.code, "may_edit": bool(account.reaches(EDIT))}
    return show(request, "console/knowledge/wordings.html", context)


@page(*WAYS)
def writing(request: AccountRequest, kind: Kind) -> HttpResponse:
    if not request.user.reaches(EDIT):
        raise NotAllowed("您没有“编写知识与话术”权限")
    return _saving(request, kind, kind.model(), {**home_of(request.user, EDIT), "active": True})


@page(*WAYS)
def editing(request: AccountRequest, kind: Kind, pk: int) -> HttpResponse:
    row = queries.wordings(kind.model, request.user).filter(pk=pk).first()
    if row is None:
        raise Http404
    if not request.user.has_right(EDIT, row):
        raise NotAllowed(f"您在{row.region}、{row.line}没有“编写知识与话术”权限")
    names = ("title", "text", "active", "category", *(["source"] if isinstance(row, Script) else []))
    initial = {name: getattr(row, name) for name in names}
    return _saving(request, kind, row, {**initial, "region": row.region_id, "line": row.line_id})


def _saving(request: AccountRequest, kind: Kind, row: Wording, initial: dict[str, Any]) -> HttpResponse:
    form = kind.form(sent(request), initial=initial)
    back = reverse("console:wordings", args=[kind])
    status = 200
    if form.is_bound:
        refusal = attempt(form, lambda given: actions.save_wording(row, actor=request.user, **given))
        if refusal is None:
            messages.success(request, gettext("已保存"))
            return see_other(back)
        status = refusal.status
    label = f"{kind.label}：{row.title}" if row.pk else gettext("新增%(kind)s") % {"kind": kind.label}
    return show(
        request, "console/setup/form.html", {"form": form, "label": label, "back": back}, status=status
    )
