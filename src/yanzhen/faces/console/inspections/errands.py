"""The pages of one who goes on site, phone first: the errands, photographs as they are taken, and what was found."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yanzhen.engines.programmes.actions.inspecting import Found
from yanzhen.engines.programmes.visits import actions, queries
from yanzhen.engines.programmes.visits.queries import Errand
from yanzhen.faces.console.forms import text_field
from yanzhen.faces.console.pages import attempt, page, see_other, sent, show
from yanzhen.faces.http import AccountRequest
from yanzhen.foundation import attachments
from yanzhen.foundation.errors import Refusal
from yanzhen.foundation.models import Attachment

WAYS = ("GET", "HEAD", "POST")
PASSED = (("yes", _("属实，通过")), ("no", _("不通过")))


class FindingsForm(forms.Form):
    """`check-N` and `note-N` by the place of the item in the checklist, as what the engine refuses is named."""

    def __init__(self, stage: Any, data: Any = None) -> None:
        super().__init__(data)
        self.items = tuple(stage.checklist)
        today = timezone.localdate()
        self.fields["visited_on"] = forms.DateField(
            label=_("考察日期"),
            initial=today,
            widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        )
        for n, item in enumerate(self.items):
            self.fields[f"check-{n}"] = forms.ChoiceField(
                label=item,
                choices=tuple(actions.ANSWERS.items()),
                widget=forms.RadioSelect,
                error_messages={"required": _("还没有核查结论")},
            )
            self.fields[f"note-{n}"] = forms.CharField(
                label=_("情况（属实的可不填）"), required=False, max_length=300
            )
        self.fields["seen"] = text_field(_("考察情况"), help_text=_("看到了什么，与申报内容是否一致"))
        self.fields["seen"].error_messages["required"] = _("请写明考察情况")
        self.fields["passed"] = forms.ChoiceField(
            label=_("结论"),
            choices=PASSED,
            widget=forms.RadioSelect,
            error_messages={"required": _("请选结论")},
        )
        if stage.weight:
            self.fields["points"] = forms.DecimalField(
                label=_("考察得分（0 至 100）"), max_digits=5, decimal_places=2,
                widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
            )  # fmt: skip

    def checks(self) -> dict[str, tuple[str, str]]:
        """Return the answers by item. Only after `is_valid`."""
        given = self.cleaned_data
        return {item: (given[f"check-{n}"], given[f"note-{n}"]) for n, item in enumerate(self.items)}

    def found(self) -> Found:
        given = self.cleaned_data
        return Found(given["visited_on"], "", given["seen"], given["passed"] == "yes", given.get("points"))


class PaperForm(forms.Form):
    file = forms.FileField(label=_("照片或材料"), widget=forms.FileInput(attrs={"accept": "image/*,.pdf"}))


@page("GET", "HEAD")
def listing(request: AccountRequest) -> HttpResponse:
    context = {"rows": queries.errands(request.user), "today": timezone.localdate()}
    return show(request, "console/inspections/errands.html", context)


@page(*WAYS)
def one(request: AccountRequest, pk: int) -> HttpResponse:
    """One errand: whom it is about, what was filled in, photographs, and the form of what was found."""
    errand = _errand(request, pk)
    form = FindingsForm(errand.stage, sent(request))
    status = 200
    if form.is_bound:
        refusal = attempt(
            form,
            lambda _given: actions.file(errand.visit, form.found(), checks=form.checks(), actor=request.user),
        )
        if refusal is None:
            messages.success(request, gettext("已登记考察"))
            return see_other(reverse("console:inspections"))
        status = refusal.status
    return _show(request, errand, form, PaperForm(), status=status)


@page("POST")
def attaching(request: AccountRequest, pk: int) -> HttpResponse:
    """Keep one photograph at once, so that a lost connection loses nothing of it."""
    errand = _errand(request, pk)
    form = PaperForm(request.POST, request.FILES)
    refusal: Refusal | None = attempt(
        form, lambda given: actions.attach(errand.visit, given["file"], actor=request.user)
    )
    if refusal is None:
        messages.success(request, gettext("已保存照片或材料"))
        return see_other(reverse("console:inspection", args=[pk]))
    return _show(request, errand, FindingsForm(errand.stage), form, status=refusal.status)


@page("GET", "HEAD")
def download(request: AccountRequest, pk: int, file: Any) -> FileResponse:
    errand = _errand(request, pk)
    return handed_over(request, list(errand.files), file)


def handed_over(request: AccountRequest, files: list[Attachment], pk: Any) -> FileResponse:
    """Hand over one of the files, never shown inside our own pages; the reading is on record."""
    attachment = next((one for one in files if one.pk == pk), None)
    if attachment is None:
        raise Http404
    opened = attachments.open_attachment(attachment, actor=request.user)
    response = FileResponse(
        opened, as_attachment=True, filename=attachment.name, content_type=attachment.media_type
    )
    response["Content-Security-Policy"] = "sandbox"
    return response


def _errand(request: AccountRequest, pk: int) -> Errand:
    errand = queries.errand(request.user, pk)
    if errand is None:
        raise Http404(gettext("没有这次考察，或没有安排您去"))
    return errand


def _show(
    request: AccountRequest, errand: Errand, form: FindingsForm, papers: PaperForm, *, status: int
) -> HttpResponse:
    if errand.barred:
        return show(request, "console/inspections/barred.html", {"errand": errand}, status=403)
    checks = [(form[f"check-{n}"], form[f"note-{n}"]) for n in range(len(form.items))]
    rest = [form[name] for name in ("seen", "passed", "points") if name in form.fields]
    context = {"errand": errand, "form": form, "checks": checks, "rest": rest, "papers": papers}
    return show(request, "console/inspections/errand.html", context, status=status)
