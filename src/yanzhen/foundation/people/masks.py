"""What of a name and a number may be shown without a reason."""

from __future__ import annotations


def mask_name(name: str) -> str:
    """张三 -> 张*, 欧阳修远 -> 欧***; one character shows as a star."""
    name = name.strip()
    return name[:1] + "*" * (len(name) - 1) if len(name) > 1 else "*" * len(name)


def mask_phone(phone: str) -> str:
    """13812342046 -> 138****2046; a shorter or a fixed-line number shows its last two digits."""
    digits = phone.strip()
    if len(digits) == 11 and digits.isdigit() and digits[0] == "1":
        return f"{digits[:3]}****{digits[-4:]}"
    return "*" * max(len(digits) - 2, 0) + digits[-2:]


def mask_id_number(number: str) -> str:
    """370102199001011234 -> 3701**********1234."""
    return f"{number[:4]}{'*' * (len(number) - 8)}{number[-4:]}" if len(number) > 8 else "*" * len(number)
