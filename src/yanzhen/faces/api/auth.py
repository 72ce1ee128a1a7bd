"""Who calls, how far they reach in the database, and which requests are not even read."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ClassVar

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from ninja.security import HttpBearer

from yanzhen.faces.http import problem
from yanzhen.foundation.accounts import account_for_token
from yanzhen.foundation.errors import Refusal
from yanzhen.foundation.models import Account
from yanzhen.foundation.scope import database_scope


class ApiRequest(HttpRequest):
    """A request past `TokenAuth`. For annotations only; never built."""

    auth: Account


class TooLarge(Refusal):
    code = "too_large"
    status = 413


class WrongMediaType(Refusal):
    code = "wrong_media_type"
    status = 415


class TokenAuth(HttpBearer):
    """`Authorization: Bearer <key>`; the key acts as the account it belongs to."""

    openapi_description: ClassVar[str] = "接口密钥，由管理员在“账号与授权”中签发。"

    def authenticate(self, request: HttpRequest, token: str) -> Account | None:
        return account_for_token(token)


def in_scope(view: Callable[..., Any]) -> Callable[..., Any]:
    """Set the second wall to what the key's account may see while the endpoint runs.

    The answer is built by then: what an endpoint returns holds values, never an unread queryset.
    """

    @wraps(view)
    def scoped(request: ApiRequest, *args: Any, **kwargs: Any) -> Any:
        with database_scope(request.auth.audience_keys()):
            return view(request, *args, **kwargs)

    return scoped


def readable(run: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Refuse a body that is too large or not JSON before a byte of it is read."""

    @wraps(run)
    def gate(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        refusal = _against(request)
        return problem(refusal) if refusal else run(request, **kwargs)

    return gate


def _against(request: HttpRequest) -> Refusal | None:
    size = int(request.META.get("CONTENT_LENGTH") or 0)
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    if size > limit:
        return TooLarge(f"请求正文 {size} 字节，超过上限 {limit} 字节，请分次提交", limit_bytes=limit)
    if request.method == "POST" and request.content_type != "application/json":
        return WrongMediaType("请求正文须为 JSON（Content-Type: application/json）")
    return None
