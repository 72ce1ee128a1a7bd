"""Knowledge beside a case: what may help, what to ask, what to answer; and citing it."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yanzhen.domains.hotline.knowledge import actions, queries, rules
from yanzhen.domains.hotline.knowledge.models import Article, ReplyTemplate, Script
from yanzhen.domains.hotline.models import Case
from yanzhen.faces.console.cells import title_of
from yanzhen.faces.console.desks import CASES
from yanzhen.faces.console.knowledge.articles import demand_view
from yanzhen.faces.console.knowledge.fields import blocks
from yanzhen.faces.console.pages import page, see_other, show, subject_or_404
from yanzhen.faces.http import AccountRequest
from yanzhen.foundation.errors import Refusal

SHOWN = 10


class Words(forms.Form):
    q = forms.CharField(label=_("换个词找"), max_length=80, required=False)


@page("GET", "HEAD")
def beside(request: AccountRequest, number: str) -> HttpResponse:
    """Suggest by the case's category and words; with words of the reader's own, search by those."""
    demand_view(request.user)
    case = _case(request, number)
    form = Words(request.GET)
    words = form.cleaned_data["q"] if form.is_valid() else ""
    today = timezone.localdate()
    found = (
        queries.search(queries.offered_for(case, today), text=words, category=case.category_id or "")
        if words.strip()
        else queries.suggested(case, today, request.user)
    )
    used = list(queries.used_on(case))
    cited = {use.article_id for use in used}
    values = queries.values_of(case, request.user)
    scripts = queries.wordings_for(Script, case)
    context = {
        "case": case, "desk": CASES, "form": form, "words": words, "used": used, "row": case,
        "title": title_of(CASES, case, request.user),
        "articles": [(article, blocks(article.body), article.pk in cited) for article in found[:SHOWN]],
        "scripts": [(script, script.text.splitlines()) for script in scripts],
        "templates": [(t.title, rules.filled(t.text, values)) for t in queries.wordings_for(ReplyTemplate, case)],
        "macros": [(m.shortcut, rules.filled(m.text, values)) for m in queries.macros(request.user)],
        "open": not case.stage.final,
    }  # fmt: skip
    return show(request, "console/knowledge/on_case.html", context, status=200 if form.is_valid() else 422)


@page("POST")
def citing(request: AccountRequest, number: str, pk: int) -> HttpResponse:
    case = _case(request, number)
    article = queries.readable(request.user).filter(pk=pk).first() or _offered(case, pk)
    try:
        made = actions.cite(case, article, actor=request.user)
    except Refusal as refusal:
        messages.error(request, refusal.message)
    else:
        said = gettext("已引用：%(title)s") if made else gettext("本件已引用过：%(title)s")
        messages.success(request, said % {"title": article.title})
    words = request.POST.get("q", "")
    query = f"?{urlencode({'q': words})}" if words else ""
    return see_other(reverse("console:case-knowledge", args=[number]) + query)


@page("GET", "HEAD")
def wordings(request: AccountRequest) -> JsonResponse:
    """What the console's script expands: macros, and reply templates of the case that the page is about."""
    number = request.GET.get("case", "")
    row = CASES.query(request.user).filter(number=number).first() if number else None
    values = queries.values_of(row, request.user)
    templates = queries.wordings_for(ReplyTemplate, row) if row else []
    return JsonResponse(
        {
            "insert": gettext("插入答复模板…"),
            "macros": {m.shortcut: rules.filled(m.text, values) for m in queries.macros(request.user)},
            "templates": [{"title": t.title, "text": rules.filled(t.text, values)} for t in templates],
        }
    )


def _case(request: AccountRequest, number: str) -> Case:
    return cast("Case", subject_or_404(request, CASES, number))


def _offered(case: Case, pk: int) -> Article:
    """An article of the case's place that lies outside the reader's own: who was asked in reads it beside the case."""
    found: Any = queries.offered_for(case, timezone.localdate()).filter(pk=pk).first()
    if found is None:
        raise Http404
    return cast("Article", found)
