"""Everything the API says no to is a problem document (RFC 9457)."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError, ValidationErrorContext

from yanzhen.faces.http import Malformed, problem
from yanzhen.faces.places import region_by_code
from yanzhen.foundation.errors import Invalid, Refusal, TooMany
from yanzhen.foundation.models import Region

REASONS = {
    "missing": "必填",
    "extra_forbidden": "不认识的字段",
    "string_too_long": "过长",
    "greater_than_equal": "过小",
    "less_than_equal": "过大",
    "int_parsing": "应为整数",
    "int_type": "应为整数",
    "bool_type": "应为 true 或 false",
    "bool_parsing": "应为 true 或 false",
    "string_type": "应为文字",
    "string_unicode": "不是合法的文字",
    "not_text": "含有不能保存的字符（U+0000 或不成对的代理字符）",
    "decimal_parsing": "应为数字",
    "decimal_max_places": "小数位过多",
    "date_from_datetime_parsing": "应为日期，如 2026-11-24",
    "date_parsing": "应为日期，如 2026-11-24",
    "json_invalid": "不是合法的 JSON",
}
"""pydantic's kinds of error in the words of our own refusals; any other kind keeps pydantic's English."""


class Unauthenticated(Refusal):
    code = "unauthenticated"
    status = 401


class Absent(Refusal):
    """There is no such row, or it is not yours: one answer for both."""

    code = "not_found"
    status = 404


def known_region(code: str) -> Region:
    """Return the region that a query names; raises Invalid where there is none."""
    region = region_by_code(code)
    if region is None:
        reason = f"没有行政区划“{code}”"
        raise Invalid(reason, fields={"region": reason})
    return region


def demand_known(request: HttpRequest, query: type[Schema]) -> None:
    """Raise Invalid for a query parameter that `query` does not have: passed over, a misspelt filter shows everything."""
    known = {field.alias or name for name, field in query.model_fields.items()}
    if unknown := request.GET.keys() - known:
        raise Invalid("不认识的查询参数", fields=dict.fromkeys(sorted(unknown), REASONS["extra_forbidden"]))


class Api(NinjaAPI):
    """Ninja's, which also tells how long a text was that is too long: the text itself it drops from the error."""

    def validation_error_from_error_contexts(
        self, error_contexts: list[ValidationErrorContext[Any]]
    ) -> ValidationError:
        given = [one["input"] for c in error_contexts for one in c.pydantic_validation_error.errors()]
        found = super().validation_error_from_error_contexts(error_contexts)
        for one, value in zip(found.errors, given, strict=True):
            if isinstance(value, str):
                one["length"] = len(value)
        return found


def install(api: NinjaAPI) -> None:
    """Let `api` answer what its endpoints raise with problem documents."""
    api.add_exception_handler(Refusal, _refused)
    api.add_exception_handler(AuthenticationError, _unauthenticated)
    api.add_exception_handler(ValidationError, _invalid)
    api.add_exception_handler(HttpError, _unreadable)
    api.add_exception_handler(Http404, _absent)


def _refused(_request: HttpRequest, refusal: Refusal | type[Refusal]) -> HttpResponse:
    assert isinstance(refusal, Refusal)  # noqa: S101  # ninja's signature is wider than what it calls with
    response = problem(refusal)
    if isinstance(refusal, TooMany):
        response["Retry-After"] = str(refusal.data.get("retry_after_seconds", 60))
    return response


def _unauthenticated(_request: HttpRequest, _error: Any) -> HttpResponse:
    response = problem(Unauthenticated("缺少接口密钥，或密钥已停用；请在 Authorization 头中给出 Bearer 密钥"))
    response["WWW-Authenticate"] = "Bearer"
    return response


def _invalid(_request: HttpRequest, error: Any) -> HttpResponse:
    """Say of each field what is wrong with it. Values are not repeated: they may be somebody's phone."""
    fields = {_name(one["loc"]): _reason(one) for one in error.errors}
    message = "；".join(f"{name}：{reason}" for name, reason in fields.items())
    kind = Malformed if any(one["loc"][0] == "header" for one in error.errors) else Invalid
    return problem(kind(message, fields=fields))


def _reason(one: dict[str, Any]) -> str:
    """Return what is wrong; of a text that is too long the most that is taken, and its length."""
    reason = REASONS.get(one["type"], str(one["msg"]))
    if one["type"] != "string_too_long":
        return reason
    return f"{reason}：最多 {one['ctx']['max_length']} 字，现有 {one['length']} 字"


def _unreadable(_request: HttpRequest, error: Any) -> HttpResponse:
    refusal = Malformed("请求正文不是合法的 JSON")
    refusal.data["detail"] = str(error)
    return problem(refusal)


def _absent(_request: HttpRequest, _error: Any) -> HttpResponse:
    return problem(Absent("没有这一条，或不在您的权限范围内"))


def _name(loc: tuple[Any, ...]) -> str:
    """Return what the caller named: ("body", "appeal", "phone") -> phone, ("header", "idempotency_key") as sent."""
    if loc[0] == "header":
        return "-".join(part.capitalize() for part in str(loc[-1]).replace("_", "-").split("-"))
    named = [str(part) for part in loc[1:] if part not in {"appeal", "move", "filters", "page", "span"}]
    return ".".join(named) or str(loc[0])
