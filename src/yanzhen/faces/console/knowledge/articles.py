"""Knowledge to read: found, looked at, written, written anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yanzhen.domains.hotline.knowledge import actions, queries
from yanzhen.domains.hotline.knowledge.models import Article
from yanzhen.domains.hotline.knowledge.rights import EDIT, VIEW
from yanzhen.faces.console.knowledge.desk import ARTICLES
from yanzhen.faces.console.knowledge.fields import Placed, blocks, category_field, home_of
from yanzhen.faces.console.pages import attempt, detail_url, page, see_other, sent, show, subject_or_404
from yanzhen.faces.console.setup.fields import day_field
from yanzhen.faces.http import AccountRequest
from yanzhen.foundation.errors import NotAllowed
from yanzhen.foundation.models import Account, Parameter

WAYS = ("GET", "HEAD", "POST")
SHOWN = 30
"""Articles that a search shows: whoever has to read on asks more closely."""
STANDINGS = {
    "in_force": (_("施行中"), "green", ""),
    "open": (_("未发布"), "purple", _("这一版还没有审核发布，不能告知来电人。")),
    "coming": (_("未到生效日"), "amber", _("这一版还没有到生效日期，不能告知来电人。")),
    "ended": (_("已失效"), "red", _("这一版已过有效期，只供查阅，不能再告知来电人。")),
    "later": (_("已有新版"), "red", _("这一版已被新版接替，只供查阅，请用新版。")),
    "withdrawn": (_("已撤下"), "red", _("这一版已撤下，只供查阅，不能再告知来电人。")),
}


class Filters(forms.Form):
    q = forms.CharField(label=_("关键词"), max_length=80, required=False, help_text=_("多个词用空格隔开"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["category"] = category_field()


class TextForm(forms.Form):
    """What an editor writes. What is right and wrong about it the domain says."""

    title = forms.CharField(label=_("标题"), max_length=80)
    body = forms.CharField(
        label=_("正文"),
        help_text=_("空行分段；以“- ”或“1. ”开头的行成列表。不写个人信息"),
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 12}),
    )
    keywords = forms.CharField(
        label=_("关键词（选填）"),
        help_text=_("来电人会说的词，用顿号隔开；诉求里出现这些词时会推荐本条"),
        max_length=200,
        required=False,
    )
    source = forms.CharField(label=_("来源文件"), help_text=_("法规或文件的名称、文号"), max_length=200)
    source_article = forms.CharField(label=_("条款（选填）"), max_length=64, required=False)
    source_url = forms.URLField(
        label=_("来源网址（选填）"), max_length=300, required=False, assume_scheme="https"
    )
    grade = forms.ChoiceField(label=_("证据等级"), choices=Parameter.Grade.choices)
    valid_from = day_field(_("生效日期"))
    valid_to = day_field(_("失效日期（选填）"), required=False, help_text=_("失效当日起不再提供"))


class ReviseForm(TextForm):
    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["category"] = category_field()


class ArticleForm(Placed, TextForm):
    pass


@page("GET", "HEAD")
def listing(request: AccountRequest) -> HttpResponse:
    """Search what is in force where the account works, and above it."""
    demand_view(request.user)
    form = Filters(request.GET)
    rows = []
    if form.is_valid():
        category = form.cleaned_data["category"]
        rows = list(
            queries.search(
                queries.offered_to(request.user, timezone.localdate()),
                text=form.cleaned_data["q"],
                category=category.pk if category else "",
            )[: SHOWN + 1]
        )
    context = {
        "form": form, "articles": [(row, " ".join(blocks(row.body)[0].lines)) for row in rows[:SHOWN]], "more": len(rows) > SHOWN, "shown": SHOWN,
        "tab": "articles", "may_edit": bool(request.user.reaches(EDIT)),
    }  # fmt: skip
    return show(request, "console/knowledge/articles.html", context, status=200 if form.is_valid() else 422)


@page("GET", "HEAD")
def expiring(request: AccountRequest) -> HttpResponse:
    demand_view(request.user)
    rows = queries.expiring(request.user, timezone.localdate())[:SHOWN]
    context = {"articles": rows, "tab": "expiring", "code": queries.EXPIRY_WARNING}
    return show(request, "console/knowledge/expiring.html", context)


@page("GET", "HEAD")
def one(request: AccountRequest, number: str) -> HttpResponse:
    article = _article(request, number)
    label, tone, warning = STANDINGS[queries.standing(article, timezone.localdate())]
    may_edit = request.user.has_right(EDIT, article)
    context = {
        "article": article,
        "blocks": blocks(article.body),
        "standing": {"label": label, "tone": tone, "warning": warning},
        "versions": queries.versions(article),
        "usage": queries.usage(article, request.user),
        "may_edit": may_edit,
        "may_renew": may_edit and article.published_at,
        "desk": ARTICLES,
    }
    return show(request, "console/knowledge/article.html", context)


@page(*WAYS)
def writing(request: AccountRequest) -> HttpResponse:
    initial = {**home_of(request.user, EDIT), "valid_from": timezone.localdate(), "grade": "B"}
    form = ArticleForm(sent(request), initial=initial)
    made: list[Article] = []

    def act(given: dict[str, Any]) -> None:
        made.append(actions.draft_article(Article(**given), actor=request.user))

    return _saving(
        request, form, act, label=gettext("编写知识条目"), back=reverse("console:knowledge"), made=made
    )


@page(*WAYS)
def revising(request: AccountRequest, number: str) -> HttpResponse:
    """Stands for the desk's own page of the move, whose form can not empty what was filled in."""
    article = subject_or_404(request, ARTICLES, number)
    initial = {name: getattr(article, name) for name in actions.TEXT}
    form = ReviseForm(sent(request), initial={**initial, "seen": article.step})

    def act(given: dict[str, Any]) -> None:
        actions.revise_article(article, actor=request.user, **given)  # type: ignore[arg-type]  # of the desk

    label = gettext("修改：%(title)s") % {"title": article.title}  # type: ignore[attr-defined]
    return _saving(request, form, act, label=label, back=detail_url(ARTICLES, number), made=[article])


@page("POST")
def renewing(request: AccountRequest, number: str) -> HttpResponse:
    draft = actions.new_version(_article(request, number), actor=request.user)
    messages.success(
        request, gettext("已建立第 %(version)s 版草稿，请修改后提交审核") % {"version": draft.version}
    )
    return see_other(detail_url(ARTICLES, draft.number))


def demand_view(account: Account) -> None:
    if not account.reaches(VIEW):
        raise NotAllowed("您没有“查看知识与话术”权限")


def _saving(
    request: AccountRequest, form: forms.Form, act: Any, *, label: str, back: str, made: list[Any]
) -> HttpResponse:
    status = 200
    if form.is_bound:
        refusal = attempt(form, act)
        if refusal is None:
            messages.success(request, gettext("已保存为草稿，提交审核后由他人发布"))
            return see_other(detail_url(ARTICLES, made[0].number))
        status = refusal.status
    context: Mapping[str, Any] = {"form": form, "label": label, "back": back}
    return show(request, "console/setup/form.html", context, status=status)


def _article(request: AccountRequest, number: str) -> Article:
    article = queries.readable(request.user).filter(number=number).first()
    if article is None:
        raise Http404("没有这一条知识，或不在您的权限范围内")
    return article
