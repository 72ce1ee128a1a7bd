"""Our own check of resident ID numbers (GB 11643) and phones.

The region part is only a hint: codes were given by what existed when the number was issued, and residence permits of
Hong Kong, Macao, Taiwan (81, 82, 83) and foreigners (9) have codes of their own. So length, date and check digit
decide (reference: the widespread library rejects every Shandong number of people born in 1975).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK = "10X98765432"
MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)
FIXED = re.compile(r"0\d{2,3}-?\d{7,8}", re.ASCII)
PUNCTUATION = re.compile(r"[-‐‑‒–—―−－.·()]")  # noqa: RUF001  # hyphens as keyboards and word processors make them
COUNTRY = re.compile(r"^(?:\+|00)?86", re.ASCII)
FIRST_BIRTH = date(1900, 1, 1)


@dataclass(frozen=True, slots=True)
class IdNumber:
    """A number that passed the check, and what it says."""

    number: str
    born_on: date
    sex: str
    """ "m" or "f", by the parity of the 17th digit."""


def read_id_number(text: str, *, today: date) -> IdNumber | str:
    """Return the number read from `text`, or the sentence that says what is wrong with it.

    Full-width characters, which input methods type, are read as plain ones: one number has one look-up hash.
    """
    number = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text)).upper()
    if len(number) == 15 and number.isdigit():
        return "15 位的旧身份证号已停用，请填写 18 位号码"
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number):
        return f"身份证号应为 18 位（前 17 位数字，末位数字或 X），现为 {len(number)} 位"
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return f"身份证号第 7 至 14 位“{number[6:14]}”不是一个日期"
    if not FIRST_BIRTH <= born <= today:
        return f"身份证号中的出生日期 {born} 不合理"
    if number[17] != check_digit(number[:17]):
        return "身份证号校验位不符，请逐位核对"
    return IdNumber(number, born, "m" if int(number[16]) % 2 else "f")


def check_digit(first17: str) -> str:
    """Return the 18th character: mod 11-2 (GB 11643, ISO 7064)."""
    return CHECK[sum(int(d) * w for d, w in zip(first17, WEIGHTS, strict=True)) % 11]


def id_number_problem(text: str, *, today: date) -> str | None:
    found = read_id_number(text, today=today)
    return found if isinstance(found, str) else None


def plain_phone(text: str) -> str:
    """Return a number as phones are kept, from how people write it: "+86 139-0531-9876" is 13905319876.

    Full-width characters, blanks, hyphens, dots, brackets and the country code go; a fixed number with its area code
    keeps the one hyphen that it may have. What is no number in the country is returned without its blanks.
    """
    tight = "".join(unicodedata.normalize("NFKC", text).split())
    if FIXED.fullmatch(tight):
        return tight
    digits = PUNCTUATION.sub("", tight)
    home = COUNTRY.sub("", digits)
    for number in (digits, home, f"0{home}" if home != digits else ""):
        if MOBILE.fullmatch(number) or FIXED.fullmatch(number):
            return number
    return tight


def phone_problem(phone: str) -> str | None:
    if MOBILE.fullmatch(phone) or FIXED.fullmatch(phone):
        return None
    return "手机号应为 11 位数字（固定电话请带区号，如 0531-12345678）"
