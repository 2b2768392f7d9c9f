"""Every promise on the page names tests that there are."""

import ast
import re

from kit.pages import DOCS

TEST = re.compile(r"`(tests/[a-z0-9_/]+\.py)::(test_[a-z0-9_]+)`")
PAGE = (DOCS / "guarantees.md").read_text("utf-8")


def test_the_tests_that_are_named_are_there() -> None:
    named = TEST.findall(PAGE)
    assert len(named) > 20
    for path, name in named:
        tree = ast.parse((DOCS.parent / path).read_text("utf-8"))
        assert name in {one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)}


def test_each_promise_is_shown_by_a_test() -> None:
    promises, _, _ = PAGE.partition("## What weakens a promise")
    told = [one for one in promises.split("\n\n") if one.startswith("**")]
    assert len(told) > 10
    assert [one for one in told if not TEST.search(one)] == []
