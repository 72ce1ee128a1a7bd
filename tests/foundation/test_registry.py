"""Registries list declarations once and in order."""

from __future__ import annotations

import pytest

from yanzhen.foundation.errors import DeclarationError
from yanzhen.foundation.registry import Registry
from yanzhen.foundation.rights import RIGHTS, Right, declare


def test_declarations_come_in_the_order_in_which_they_were_added():
    registry: Registry[Right] = Registry("right")
    second, first = registry.add(Right("b", "乙")), registry.add(Right("a", "甲"))

    assert (list(registry), len(registry), registry["a"]) == ([second, first], 2, first)
    assert ("b" in registry, "c" in registry) == (True, False)


def test_a_code_is_declared_once_and_the_first_stays():
    registry: Registry[Right] = Registry("right")
    first = registry.add(Right("a", "甲"))

    with pytest.raises(DeclarationError, match="right a is declared twice"):
        registry.add(Right("a", "另一个"))

    assert list(registry) == [first]


def test_an_unknown_code_is_a_programmers_mistake():
    with pytest.raises(KeyError):
        Registry("right")["a"]


def test_a_right_is_declared_once():
    with pytest.raises(DeclarationError):
        declare(("person.view", "查看人员"))

    assert RIGHTS["person.view"].label == "查看人员（遮蔽）"
