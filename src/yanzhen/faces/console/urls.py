"""The console's addresses: those of the desks are made from their declarations."""

from __future__ import annotations

from django.urls import path, register_converter

from yanzhen.faces.console import (
    bulk,
    detail,
    employer,
    figures,
    following,
    home,
    lists,
    moves,
    orders,
    register,
    reissue,
    sheets,
    trail,
)
from yanzhen.faces.console.calls import urls as calls_urls
from yanzhen.faces.console.classification import urls as classification_urls
from yanzhen.faces.console.closing import urls as closing_urls
from yanzhen.faces.console.craftsmen import urls as craftsmen_urls
from yanzhen.faces.console.desk import DESKS, Desk
from yanzhen.faces.console.honours import urls as honours_urls
from yanzhen.faces.console.hotspots import urls as hotspots_urls
from yanzhen.faces.console.inspections import urls as inspections_urls
from yanzhen.faces.console.knowledge import urls as knowledge_urls
from yanzhen.faces.console.live import urls as live_urls
from yanzhen.faces.console.marking import urls as marking_urls
from yanzhen.faces.console.outbox import urls as outbox_urls
from yanzhen.faces.console.panels import urls as panels_urls
from yanzhen.faces.console.programmes import urls as programmes_urls
from yanzhen.faces.console.reconciliation import urls as reconciliation_urls
from yanzhen.faces.console.repeats import urls as repeats_urls
from yanzhen.faces.console.results import urls as results_urls
from yanzhen.faces.console.rosters import urls as roster_urls
from yanzhen.faces.console.routing import urls as routing
from yanzhen.faces.console.setup import accounts, organisations, people, rules
from yanzhen.faces.console.votes import urls as votes_urls


class DeskConverter:
    """The first part of a desk's addresses, read as the desk."""

    regex = "|".join(desk.name for desk in DESKS)

    def to_python(self, value: str) -> Desk:
        return DESKS[value]

    def to_url(self, desk: Desk) -> str:
        return desk.name


register_converter(DeskConverter, "desk")

app_name = "console"
ONE = "<desk:desk>/<str:number>"
urlpatterns = [
    # first what is opened most: an address is looked for from the top
    path("<desk:desk>/", lists.listing, name="list"),
    path("", home.home, name="home"),
    path("register/", register.register, name="register"),
    path("figures/", figures.figures, name="figures"),
    path("figures/<str:code>/", figures.behind, name="records"),
    path("find/", home.find, name="find"),
    path("trail/", trail.trail, name="trail"),
    path("sheets/", sheets.listing, name="sheets"),
    path("sheets/send/<str:code>/", sheets.sending, name="send-sheet"),
    path("sheets/template/<str:code>/", sheets.template, name="sheet-template"),
    path("sheets/<int:pk>/", sheets.one, name="batch"),
    path("sheets/<int:pk>/confirm/", sheets.confirming, name="confirm-batch"),
    path("sheets/<int:pk>/discard/", sheets.discarding, name="discard-batch"),
    path("sheets/<int:pk>/undo/", sheets.undoing, name="undo-batch"),
    path("sheets/<int:pk>/failed/", sheets.failed, name="failed-rows"),
    path("accounts/", accounts.listing, name="accounts"),
    path("accounts/open/", accounts.opening, name="account-open"),
    path("accounts/<int:pk>/", accounts.one, name="account"),
    path("accounts/<int:pk>/grants/<int:grant>/revoke/", accounts.revoking, name="grant-revoke"),
    path("accounts/<int:pk>/tokens/", accounts.token, name="token"),
    path("accounts/<int:pk>/tokens/<int:token>/revoke/", accounts.revoking_token, name="token-revoke"),
    path("accounts/<int:pk>/deactivate/", accounts.deactivating, name="account-deactivate"),
    path("accounts/<int:pk>/reactivate/", accounts.reactivating, name="account-reactivate"),
    path("accounts/<int:pk>/password/", accounts.resetting, name="account-password"),
    path("accounts/<int:pk>/second-factor/remove/", accounts.removing, name="account-second-factor"),
    path("organisations/", organisations.listing, name="organisations"),
    path("organisations/new/", organisations.registering, name="organisation-new"),
    path("organisations/<int:pk>/", organisations.one, name="organisation"),
    path("organisations/<int:pk>/edit/", organisations.editing, name="organisation-edit"),
    path("people/", people.listing, name="people"),
    path("people/new/", people.registering, name="person-new"),
    path("people/<int:pk>/", people.one, name="person"),
    path("people/<int:pk>/reveal/", people.revealing, name="person-reveal"),
    path("people/<int:pk>/employ/", people.employing, name="person-employ"),
    path("people/<int:pk>/employments/<int:employment>/end/", people.ending, name="employment-end"),
    path("parameters/", rules.listing, name="parameters"),
    path("parameters/<str:code>/", rules.one, name="parameter"),
    path("calendar/", rules.years, name="calendar"),
    *routing.urlpatterns,
    *outbox_urls.urlpatterns,
    *reconciliation_urls.urlpatterns,
    *closing_urls.urlpatterns,
    *knowledge_urls.urlpatterns,
    *calls_urls.urlpatterns,
    *live_urls.urlpatterns,
    *classification_urls.urlpatterns,
    *hotspots_urls.urlpatterns,
    *honours_urls.urlpatterns,
    *craftsmen_urls.urlpatterns,
    *repeats_urls.urlpatterns,
    *roster_urls.urlpatterns,
    *panels_urls.urlpatterns,
    *marking_urls.urlpatterns,
    *votes_urls.urlpatterns,
    *inspections_urls.urlpatterns,
    path("cases/<str:number>/employer/", employer.correcting, name="case-employer"),
    *results_urls.urlpatterns,
    *programmes_urls.urlpatterns,
    path("<desk:desk>/export/", lists.export, name="export"),
    path("<desk:desk>/views/", lists.save_view, name="save-view"),
    path("<desk:desk>/views/<int:pk>/drop/", lists.drop_view, name="drop-view"),
    path("<desk:desk>/bulk/", bulk.preview, name="bulk-preview"),
    path("<desk:desk>/bulk/<int:pk>/", bulk.bulk, name="bulk"),
    path("<desk:desk>/next/", following.following, name="next"),
    path("<desk:desk>/orders/", orders.orders, name="orders"),
    path(f"{ONE}/", detail.detail, name="detail"),
    path(f"{ONE}/move/<slug:code>/", moves.move, name="move"),
    path(f"{ONE}/refer/", moves.refer, name="refer"),
    path(f"{ONE}/copy/", detail.copy, name="copy"),
    path(f"{ONE}/reveal/", detail.reveal, name="reveal"),
    path(f"{ONE}/check-code/", reissue.reissue, name="reissue"),
    path(f"{ONE}/files/", detail.attach, name="attach"),
    path(f"{ONE}/files/<uuid:pk>/", detail.download, name="file"),
    path(f"{ONE}/clock/<int:pk>/<slug:code>/", moves.on_clock, name="on-clock"),
    path(f"{ONE}/stay/<int:pk>/<slug:code>/", moves.on_stay, name="on-stay"),
    path(f"{ONE}/party/<int:pk>/<slug:code>/", moves.on_party, name="on-party"),
]
