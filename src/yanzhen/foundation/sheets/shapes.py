"""What a cell of each kind must look like, as SQL: the same rules as in Python, and property tests compare the two.

A cell goes three steps: its text as typed, `form` the text in its one form, `value` the form as a value. Functions take
and return SQL expressions; the pieces are program text. `%(...)s` are parameters of the whole statement.
"""

from __future__ import annotations

from collections.abc import Callable

from yanzhen.foundation.organisations import USCC, uscc_problem
from yanzhen.foundation.people.numbers import CHECK, FIRST_BIRTH, FIXED, MOBILE, WEIGHTS, phone_problem
from yanzhen.foundation.sheets.declare import Column, Kind
from yanzhen.foundation.sheets.reader import LOST

CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CREDIT_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
"""Powers of 3 modulo 31 (GB 32100-2015)."""
YES = ("是", "y", "yes", "true", "1", "√")
NO = ("否", "n", "no", "false", "0", "×")
DAY = (
    r"^([0-9]{4})(?:[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})|年([0-9]{1,2})月([0-9]{1,2})日?|([0-9]{2})([0-9]{2}))"
)
PLAIN_DAY = r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
PLAIN_TIME = r"[0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2})?"
GROUPED = r"^[-+]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?$"
EXPONENT = r"^[0-9](\.[0-9]+)?E\+?[0-9]+$"
"""What Excel makes of a long number on its way into a CSV file."""


def quoted(text: str) -> str:
    """Return program text as an SQL literal inside a statement that has parameters."""
    return "'" + text.replace("'", "''").replace("%", "%%") + "'"


def form(column: Column, text: str) -> str:
    """Return the text of a cell in its one form; what can not be brought into it stays as it is, a choice gets null."""
    shape = FORMS.get(column.kind)
    if column.kind == Kind.CHOICE:
        return f"(%(names_{column.name})s::jsonb ->> {_unspaced(text)})"
    return shape(text) if shape else text


def fault(column: Column, form: str, text: str) -> str:
    """Return what is wrong with a cell that is not blank, null where nothing is."""
    if column.kind == Kind.CHOICE:
        many = f"(%(many_{column.name})s::jsonb ->> {_unspaced(text)})"
        cut = f"'“' || left({text}, 20) || '”'"
        return (
            f"case when {form} is null then {cut} || coalesce('有多个，请填代码：' || {many},"
            " '不在可选范围内，请填代码或从模板的下拉列表中选择') end"
        )
    if column.max_length is not None:
        limit = f"最多 {column.max_length} 个字，现为 "
        return f"case when char_length({form}) > {column.max_length} then {quoted(limit)} || char_length({form}) || ' 个字' end"
    return FAULTS[column.kind](form)


def value(column: Column, form: str) -> str:
    """Return the value of a form without fault."""
    shape = VALUES.get(column.kind)
    return shape(form) if shape else form


def stored(column: Column, value: str) -> str:
    """Return the text under which a value is kept in the cells; it has the same value when it is read again."""
    shape = STORED.get(column.kind)
    return shape(value) if shape else f"{value}::text"


def _plain(text: str) -> str:
    """Full-width digits and signs, which input methods type, as plain ones."""
    return f"normalize({text}, nfkc)"


def _unspaced(text: str) -> str:
    return rf"regexp_replace({text}, '\s', '', 'g')"


def _compact(text: str) -> str:
    return rf"upper(regexp_replace({_plain(text)}, '[\s–—-]', '', 'g'))"


def _ungrouped(text: str) -> str:
    return f"case when {text} ~ {quoted(GROUPED)} then replace({text}, ',', '') else {text} end"


def _day(text: str, rest: str = "") -> str:
    return rf"regexp_replace({_plain(text)}, {quoted(DAY + rest)}, '\1-\2\4\6-\3\5\7')"


def _moment(text: str) -> str:
    day = rf"regexp_replace({_plain(text)}, {quoted(DAY + r'[ T]*')}, '\1-\2\4\6-\3\5\7 ')"
    return rf"rtrim(regexp_replace({day}, '[时分]', ':', 'g'), ':秒 ')"


def _not_between(form: str, pattern: str, kind: str, words: str) -> str:
    return (
        f"case when {form} !~ {quoted(f'^{pattern}$')} or not pg_input_is_valid({form}, '{kind}') then {quoted(words)}"
        f" when {form}::date not between '1900-01-01' and '2100-12-31' then {quoted(words)} end"
    )


def _wrong(form: str, pattern: str, words: str) -> str:
    return f"case when {form} !~ {quoted(pattern)} then {quoted(words)} end"


def _weighted(form: str, weights: tuple[int, ...], digit: str) -> str:
    return " + ".join(f"{w} * {digit.format(c=f'substr({form}, {n}, 1)')}" for n, w in enumerate(weights, 1))


def _id_number_fault(form: str) -> str:
    """The sentences of people.numbers.read_id_number."""
    born = f"substr({form}, 7, 8)"
    total = _weighted(form, WEIGHTS, "{c}::int")
    return f"""case
        when {form} ~ {quoted(EXPONENT)} then {quoted(LOST)}
        when {form} ~ '^[0-9]{{15}}$' then '15 位的旧身份证号已停用，请填写 18 位号码'
        when {form} !~ '^[0-9]{{17}}[0-9X]$'
            then '身份证号应为 18 位（前 17 位数字，末位数字或 X），现为 ' || char_length({form}) || ' 位'
        when not pg_input_is_valid({born}, 'date') then '身份证号第 7 至 14 位“' || {born} || '”不是一个日期'
        when {born}::date not between '{FIRST_BIRTH}' and %(today)s::date
            then '身份证号中的出生日期 ' || to_char({born}::date, 'YYYY-MM-DD') || ' 不合理'
        when substr({form}, 18, 1) <> substr('{CHECK}', 1 + mod({total}, 11), 1) then '身份证号校验位不符，请逐位核对'
    end"""


def _uscc_fault(form: str) -> str:
    total = _weighted(form, CREDIT_WEIGHTS, f"(position({{c}} in '{CREDIT_ALPHABET}') - 1)")
    check = f"substr('{CREDIT_ALPHABET}', 1 + mod(31 - mod({total}, 31), 31), 1)"
    wrong = quoted(uscc_problem("") or "")
    return f"""case
        when {form} ~ {quoted(EXPONENT)} then {quoted(LOST)}
        when {form} !~ '^{USCC.pattern}$' then {wrong}
        when substr({form}, 18, 1) <> {check} then {wrong}
    end"""


def _phone_fault(form: str) -> str:
    pattern = f"^(?:{MOBILE.pattern}|{FIXED.pattern})$".replace(r"\d", "[0-9]")
    return (
        f"case when upper({form}) ~ {quoted(EXPONENT)} then {quoted(LOST)}"
        f" when {form} !~ {quoted(pattern)} then {quoted(phone_problem('') or '')} end"
    )


Shape = Callable[[str], str]

FORMS: dict[Kind, Shape] = {
    Kind.TEXT: lambda text: (
        rf"case when {text} ~ '\n' then regexp_replace({text}, '\s*\n\s*', ' ', 'g') else {text} end"
    ),
    Kind.ID_NUMBER: _compact,
    Kind.USCC: _compact,
    Kind.DATE: lambda text: _day(text, "(?: 00:00(?::00)?)?$"),
    Kind.DATETIME: _moment,
    Kind.INTEGER: lambda text: rf"regexp_replace({_ungrouped(_plain(text))}, '\.0+$', '')",
    Kind.MONEY: lambda text: _ungrouped(rf"regexp_replace({_plain(text)}, '^¥\s*|\s*元$', '', 'g')"),
    Kind.YES_NO: lambda text: f"lower({_plain(text)})",
}
FAULTS: dict[Kind, Shape] = {
    Kind.ID_NUMBER: _id_number_fault,
    Kind.USCC: _uscc_fault,
    Kind.PHONE: _phone_fault,
    Kind.DATE: lambda form: _not_between(form, PLAIN_DAY, "date", "应为日期，如 2026-11-24"),
    Kind.DATETIME: lambda form: _not_between(
        form, f"{PLAIN_DAY}( +{PLAIN_TIME})?", "timestamp", "应为日期和时间，如 2026-11-24 09:30"
    ),
    Kind.INTEGER: lambda form: _wrong(form, "^[-+]?[0-9]{1,9}$", "应为整数，如 3"),
    Kind.MONEY: lambda form: _wrong(
        form, r"^[-+]?[0-9]{1,12}(\.[0-9]{1,2}0*)?$", "应为金额，最多两位小数，如 12800.50"
    ),
    Kind.YES_NO: lambda form: (
        f"case when {form} not in ({', '.join(map(quoted, (*YES, *NO)))}) then '请填“是”或“否”' end"
    ),
}
VALUES: dict[Kind, Shape] = {
    Kind.DATE: lambda form: f"{form}::date",
    Kind.DATETIME: lambda form: f"{form}::timestamp",
    Kind.INTEGER: lambda form: f"{form}::integer",
    Kind.MONEY: lambda form: f"{form}::numeric(14, 2)",
    Kind.YES_NO: lambda form: f"{form} in ({', '.join(map(quoted, YES))})",
}
STORED: dict[Kind, Shape] = {
    Kind.DATE: lambda value: f"to_char({value}, 'YYYY-MM-DD')",
    Kind.DATETIME: lambda value: f"to_char({value}, 'YYYY-MM-DD HH24:MI:SS')",
}
