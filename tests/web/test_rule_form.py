"""A rule as fields of a form: what goes out comes back, and what is not filled in is not guessed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iaros.web import rule_form
from iaros.web.reads import builder

EVERY_KIND = {
    "all": [
        {"feature": "flown:count_365d", "op": ">=", "value": 4},
        {"feature": "rfm:cell", "op": "between", "value": [544, 555]},
        {"feature": "flown:recency_days", "op": "unknown"},
        {"attribute": "tier", "op": "in", "value": ["gold", "platinum"]},
        {"attribute": "country", "op": "is", "value": "dk"},
        {
            "any": [
                {"score": "churn_90d", "op": ">", "value": 0.7},
                {
                    "event": "web_searched",
                    "where": {"to": ["LPA", "TFS"], "channel": ["web"]},
                    "op": ">=",
                    "value": 2,
                    "within_days": 30,
                },
                {
                    "none": [
                        {
                            "sequence": [
                                {"event": "web_searched", "where": {"to": ["LPA"]}},
                                {"event": "booking_made", "absent": True},
                            ],
                            "within_days": 30,
                        },
                        {"segment": "bag-buyers", "op": "not in"},
                    ]
                },
            ]
        },
        {"has_been": "bag-buyers", "for_days": 30},
        {"has_been": "bag-buyers", "within_days": 90},
        {"random": "spring", "from": 0, "below": 12.5},
        {"list": "oslo", "op": "in"},
    ]
}


def fields(node: builder.Node) -> dict[str, str]:
    """What a browser would send of the form."""
    if node.join:
        sent = {f"{node.id}.join": node.join, f"{node.id}.parts": str(len(node.parts))}
        return sent | {name: value for part in node.parts for name, value in fields(part).items()}
    sent = {"kind": node.kind, "was": node.kind, "name": node.name, "op": node.op, "value": node.value}
    sent |= {"upper": node.upper, "days": node.days, "where": node.where}
    sent |= {f"step{place}": step.event for place, step in enumerate(node.steps)}
    sent |= {f"where{place}": step.where for place, step in enumerate(node.steps)}
    return {f"{node.id}.{name}": value for name, value in sent.items()} | (
        {f"{node.id}.absent": "1"} if node.absent else {}
    )


def test_a_rule_of_every_kind__comes_back_from_the_form_as_it_went_out():
    assert rule_form.from_fields(fields(builder.tree(EVERY_KIND, {}))) == EVERY_KIND


CONDITIONS = st.sampled_from([part for part in EVERY_KIND["all"] if "any" not in part])


def _groups(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    said = st.tuples(st.sampled_from(rule_form.JOINS), st.lists(parts, min_size=1, max_size=2))
    return said.map(lambda one: {one[0]: one[1]})


TREES = _groups(CONDITIONS | _groups(CONDITIONS | _groups(CONDITIONS)))


@given(TREES)
def test_any_tree__comes_back_from_the_form_as_it_went_out(rule):
    assert rule_form.from_fields(fields(builder.tree(rule, {}))) == rule


@given(st.dictionaries(st.from_regex(r"n(-\d){0,3}\.(join|parts|kind|name|op|value|days|where|step0)"), st.text()))
def test_whatever_is_sent__is_a_rule_to_be_judged_and_no_crash(sent):
    assert isinstance(rule_form.from_fields(sent), dict)


@pytest.mark.parametrize(
    ("act", "expected", "focus"),
    [
        ("add n", {"all": [1, {"any": [2, 3]}, "blank"]}, "n-2"),
        ("add n-1", {"all": [1, {"any": [2, 3, "blank"]}]}, "n-1-2"),
        ("group n-1", {"all": [1, {"any": [2, 3, {"any": ["blank"]}]}]}, "n-1-2-0"),
        ("drop n-0", {"all": [{"any": [2, 3]}]}, "n"),
        ("drop n-1-0", {"all": [1, {"any": [3]}]}, "n-1"),
        ("drop n-1", {"all": [1]}, "n"),
        ("drop n-9", {"all": [1, {"any": [2, 3]}]}, "n"),
        ("add n-7-7", {"all": [1, {"any": [2, 3]}]}, "n"),
        ("up n-1", {"all": [{"any": [2, 3]}, 1]}, "n-0"),
        ("down n-1-0", {"all": [1, {"any": [3, 2]}]}, "n-1-1"),
        ("up n-0", {"all": [1, {"any": [2, 3]}]}, "n-0"),
        ("down n-1", {"all": [1, {"any": [2, 3]}]}, "n-1"),
        ("up n", {"all": [1, {"any": [2, 3]}]}, "n"),
        ("down n-9", {"all": [1, {"any": [2, 3]}]}, "n-9"),
    ],
)
def test_a_button__changes_the_rule_and_says_where_to_go_on(act, expected, focus):
    named: dict[Any, Any] = {n: {"feature": "flown:count_365d", "op": ">=", "value": n} for n in (1, 2, 3)}
    named |= {"blank": rule_form.BLANKS["feature"]}

    def filled(node):
        if isinstance(node, dict):
            return {join: [filled(part) for part in parts] for join, parts in node.items()}
        return named[node]

    after, where = rule_form.changed(filled({"all": [1, {"any": [2, 3]}]}), act)

    assert after == filled(expected)
    assert where == focus


def test_a_fourth_level__is_not_added():
    rule = {"all": [{"any": [{"all": [{"feature": "x", "op": "known"}]}]}]}

    after, _ = rule_form.changed(rule, "group n-0-0")

    assert after == rule


def test_the_last_condition__leaves_a_blank_one__and_an_empty_group_goes():
    one = {"feature": "x", "op": "known"}

    alone, _ = rule_form.changed({"all": [one]}, "drop n-0")
    inside, _ = rule_form.changed({"all": [one, {"any": [one]}]}, "drop n-1-0")

    assert alone == {"all": [rule_form.BLANKS["feature"]]}
    assert inside == {"all": [one]}


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"feature": "x"}', '{"all": [{"all": 3}]}', '{"all": [{"event": "x", "where": 3}]}']
)
def test_an_address_with_no_rule__is_refused(text):
    with pytest.raises(rule_form.NotARule):
        rule_form.from_text(text)
