"""The JSON API: `api.urls` is mounted at /api/."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import Router

from yanzhen.faces.api import appeals, applications, cases, indicators, problems
from yanzhen.faces.api.auth import TokenAuth, in_scope, readable
from yanzhen.faces.api.problems import Absent
from yanzhen.faces.http import problem

api = problems.Api(
    title="雁阵接口",
    version="1",
    description="错误一律为 RFC 9457 问题文档；列表按游标翻页；个人信息一律遮蔽。",
    auth=TokenAuth(),
    urls_namespace="api",
    docs_url=None,
)
nowhere = Router()


@nowhere.api_operation(
    ["GET", "POST", "PUT", "PATCH", "DELETE"], "/{path:rest}", auth=None, include_in_schema=False
)
def nothing_here(request: HttpRequest, rest: str) -> HttpResponse:
    """Answer an unknown address as a problem too, not as a page."""
    return problem(Absent(f"接口没有这个地址：/{rest}"))


problems.install(api)
for router in (appeals.router, cases.router, applications.router, indicators.router):
    router.add_decorator(in_scope)
    router.add_decorator(readable, mode="view")
    api.add_router("", router)
api.add_router("", nowhere)
