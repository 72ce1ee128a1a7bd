"""The addresses of the roster pages."""

from __future__ import annotations

from django.urls import path

from yanzhen.faces.console.rosters import coverage, duty, mine, plan, requests, seats, week

urlpatterns = [
    path("rosters/", week.week, name="rosters"),
    path("rosters/plan/", plan.planning, name="roster-plan"),
    path("rosters/rotation/", plan.rotating, name="roster-rotation"),
    path("rosters/copy/", plan.copying, name="roster-copy"),
    path("rosters/shifts/<int:pk>/cancel/", plan.cancelling, name="shift-cancel"),
    path("rosters/mine/", mine.mine, name="my-shifts"),
    path("rosters/mine/presence/", duty.presence, name="presence"),
    path("rosters/mine/leave/", mine.asking_leave, name="leave-ask"),
    path("rosters/mine/leave/<int:pk>/withdraw/", mine.withdrawing_leave, name="leave-withdraw"),
    path("rosters/mine/shifts/<int:pk>/swap/", mine.offering_swap, name="swap-offer"),
    path("rosters/mine/swaps/<int:pk>/<slug:word>/", mine.answering_swap, name="swap-answer"),
    path("rosters/mine/shifts/<int:pk>/hand-over/", duty.handing_over, name="hand-over"),
    path("rosters/mine/hand-overs/<int:pk>/read/", duty.taking_over, name="hand-over-read"),
    path("rosters/requests/", requests.waiting, name="roster-requests"),
    path("rosters/requests/leave/<int:pk>/", requests.deciding_leave, name="leave-decide"),
    path("rosters/requests/swaps/<int:pk>/", requests.deciding_swap, name="swap-decide"),
    path("rosters/coverage/", coverage.coverage, name="coverage"),
    path("rosters/simulation/", coverage.simulation, name="simulation"),
    path("rosters/seats/", seats.listing, name="seats"),
    path("rosters/seats/<int:account>/", seats.one, name="seat"),
    path("rosters/seats/new/", seats.opening, name="seat-new"),
]
