"""What has to be true of an article, a macro, an answer. Each rule returns the reason against it, or None."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yanzhen.domains.hotline.knowledge.models import Article
    from yanzhen.domains.hotline.models import Case

PLACEHOLDERS = ("编号", "诉求标题", "承办单位", "今天", "到期日")
"""What a wording may leave to the case: {编号} ..."""
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
BLANK = re.compile(r"【[^【】]*】")
"""What a person has to fill in before the answer goes out: 【金额】."""
SHORTCUT = re.compile(r"/[a-z0-9]{1,12}", re.ASCII)


def validity_is_a_period(article: Article) -> str | None:
    """失效日期须晚于生效日期（失效当日起不再提供）"""
    if article.valid_to is None or article.valid_from < article.valid_to:
        return None
    return "失效日期须晚于生效日期：自失效日期当日起不再提供；没有失效日期的留空"


def source_is_named(article: Article) -> str | None:
    """须写明来源文件"""
    return (
        None if article.source.strip() else "须写明来源（文件名称）：没有来源的内容不能作为知识提供给接诉人员"
    )


def text_says_something(article: Article) -> str | None:
    """正文至少 10 个字"""
    return None if len(article.body.strip()) >= 10 else "正文过短：须写明规则本身和适用条件（至少 10 个字）"


def holds(valid_from: date, valid_to: date | None, *, on: date) -> bool:
    """Tell whether `on` lies in the half-open period: the first day counts, `valid_to` itself does not."""
    return valid_from <= on and (valid_to is None or on < valid_to)


def placeholder_problem(text: str) -> str | None:
    """占位符只能用列出的几种"""
    unknown = [name for name in PLACEHOLDER.findall(text) if name not in PLACEHOLDERS]
    if unknown:
        known = "".join(f"{{{name}}}" for name in PLACEHOLDERS)
        return f"没有占位符 {{{unknown[0]}}}：只能用 {known}；要由人填写的内容写作【…】"
    return "花括号没有成对：占位符写作 {编号}" if re.search(r"[{}]", PLACEHOLDER.sub("", text)) else None


def shortcut_problem(shortcut: str) -> str | None:
    """快捷键为 / 加 1 至 12 个小写字母或数字"""
    if SHORTCUT.fullmatch(shortcut):
        return None
    return "快捷键须以 / 开头，后接 1 至 12 个小写字母或数字，如 /qx"


def filled(text: str, values: Mapping[str, str]) -> str:
    """Put the case's values into the placeholders; what is not known becomes a blank, so that a person fills it in."""
    return PLACEHOLDER.sub(lambda found: values.get(found[1]) or f"【{found[1]}】", text)


def blanks(text: str) -> list[str]:
    """Return the blanks that are still in the text, each once, in their order."""
    return list(dict.fromkeys(BLANK.findall(text)))


def has_no_blanks(case: Case) -> str | None:
    """答复中不得留有未填写的【…】"""
    left = blanks(case.reply)
    if not left:
        return None
    return f"答复中还有未填写的 {'、'.join(left[:5])}：请逐处填写或删去；文号中的年份请用〔〕"  # noqa: RUF001  # the brackets of document numbers
