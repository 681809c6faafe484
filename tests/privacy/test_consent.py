"""Whose data may be used: nobody's, until they say so."""

from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iaros.lib.ids import uuid7
from iaros.lib.purposes import Channel, Purpose
from privacy import consent, ledger, subjects
from privacy.consent import NotAConsent
from privacy.models import ConsentEvent, ConsentState, Subject
from tests.privacy.conftest import said

EVERY_PURPOSE = list(Purpose)
MAILED = Channel.EMAIL


def allowed(customer_id: UUID, purpose: Purpose = Purpose.MARKETING, channel: Channel | None = None) -> bool:
    """What the query path says; the reason in words must agree with it."""
    condition, params = consent.gate(purpose, channel, customer="c.id")
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM privacy_subject c WHERE c.id = %(who)s AND {condition}",
            {**params, "who": customer_id},
        )
        by_sql = cursor.fetchone()[0] == 1
    rows = Subject.objects.filter(bucket=customer_id.bytes[15], id=customer_id)
    by_queryset = consent.gate_queryset(rows, purpose, channel).exists()
    by_decision = consent.decide(customer_id, purpose, channel).allowed
    assert by_sql == by_queryset == by_decision
    return by_sql


def test_gate__marketing__only_those_who_agreed(alice, bob, carol):
    assert allowed(alice)
    assert not allowed(bob)
    assert not allowed(carol)


def test_gate__analytics__everybody_who_did_not_object(alice, bob, carol):
    consent.record([said(carol, "objected", purpose=Purpose.ANALYTICS)])

    assert allowed(alice, Purpose.ANALYTICS)
    assert allowed(bob, Purpose.ANALYTICS)
    assert not allowed(carol, Purpose.ANALYTICS)


def test_gate__person_without_subject__is_never_let_through(db):
    stranger = uuid7()
    consent.record([said(stranger, "granted")])

    assert [allowed(stranger, purpose) for purpose in EVERY_PURPOSE] == [False] * len(EVERY_PURPOSE)


def test_gate__restricted__is_stored_and_nothing_else(alice):
    subjects.restrict(alice)

    through = [purpose for purpose in EVERY_PURPOSE if allowed(alice, purpose)]
    # Their own request to see or erase the data still has to be answered.
    assert through == [Purpose.LEGAL_OBLIGATION]


def test_gate__erased__never_passes(alice):
    subjects.destroy_key(alice)

    assert [purpose for purpose in EVERY_PURPOSE if allowed(alice, purpose)] == []


def test_gate__agreed_to_mail_only__mail_and_nothing_else(bob):
    consent.record([said(bob, "granted", channel=MAILED)])

    assert allowed(bob, channel=MAILED)
    assert not allowed(bob, channel=Channel.SMS)
    assert not allowed(bob)


def test_gate__agreed_in_general_but_not_to_mail__no_mail(alice):
    consent.record([said(alice, "denied", channel=MAILED)])

    assert not allowed(alice, channel=MAILED)
    assert allowed(alice, channel=Channel.SMS)


def test_gate__withdrew_in_general__mail_ends_too(carol):
    consent.record([said(carol, "granted", channel=MAILED)])

    assert not allowed(carol, channel=MAILED)


def test_gate__two_purposes_in_one_statement__keep_apart(alice):
    marketing, first = consent.gate(Purpose.MARKETING, customer="c.id")
    sharing, second = consent.gate(Purpose.SHARING, customer="c.id")

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {marketing}, {sharing} FROM privacy_subject c", {**first, **second})
        assert cursor.fetchone() == (True, False)


def test_record__late_statement__does_not_undo_a_newer_one(carol):
    consent.record([said(carol, "granted", days=-30)])

    assert not allowed(carol)


def test_record__yes_and_no_at_the_same_moment__no_stands(bob):
    consent.record([said(bob, "denied")])
    consent.record([said(bob, "granted")])

    assert not allowed(bob)


def test_record__same_statements_again__change_nothing(alice):
    again = consent.record([said(alice, "granted")])

    assert again == 0
    assert len(consent.history(alice)) == 1


def test_record__unknown_purpose__is_refused_by_name(alice):
    with pytest.raises(NotAConsent, match="astrology"):
        consent.record([said(alice, "granted", purpose="astrology")])


def test_record__about_an_erased_person__is_dropped(alice):
    subjects.destroy_key(alice)

    assert consent.record([said(alice, "granted", days=9)]) == 0


def test_move__one_side_withdrew__survivor_is_withdrawn(alice, carol):
    consent.move(alice, carol)

    assert not allowed(alice)
    assert consent.states(carol) == []


def test_move__then_a_new_yes__stands(alice, carol):
    consent.move(alice, carol)

    consent.record([said(alice, "granted", days=60)])

    assert allowed(alice)


def test_move__nothing_known_of_the_other__leaves_consent_alone(alice, bob):
    consent.move(alice, bob)

    assert allowed(alice)


def test_move__duplicate_was_restricted__survivor_is_restricted(alice, bob):
    subjects.restrict(bob)

    consent.move(alice, bob)

    assert subjects.frozen([alice]) == {alice}


def test_give_back__after_a_merge__each_stands_where_they_stood(alice, carol):
    record_id = uuid7()
    consent.record([said(carol, "denied", days=5, channel=MAILED, record_id=record_id)])
    before = consent.states(alice), consent.states(carol)
    consent.move(alice, carol)

    consent.give_back(alice, carol, [record_id])

    assert (consent.states(alice), consent.states(carol)) == before


def test_ledger__reworded_by_hand__is_refused_by_the_database(alice):
    with pytest.raises(IntegrityError, match="written once"), transaction.atomic():
        ConsentEvent.objects.filter(customer_id=alice).update(state="denied")
    with pytest.raises(IntegrityError, match="written once"), transaction.atomic():
        ConsentEvent.objects.filter(customer_id=alice).delete()


def test_ledger__even_a_merge__cannot_reword_a_statement(alice):
    with pytest.raises(IntegrityError, match="reworded"), ledger.rewriting() as cursor:
        cursor.execute("UPDATE privacy_consentevent SET state = 'denied'")


statements = st.lists(
    st.tuples(
        st.sampled_from(["granted", "denied", "withdrawn", "objected"]),
        st.sampled_from(["", MAILED.value, Channel.SMS.value]),
        st.integers(0, 3),
    ),
    max_size=6,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(heard=statements, purpose=st.sampled_from(EVERY_PURPOSE), split_at=st.integers(0, 6), data=st.data())
def test_gate__whatever_was_said_in_whatever_order__query_and_words_agree(db, heard, purpose, split_at, data):
    with transaction.atomic():
        one, other = uuid7(), uuid7()
        subjects.open_subject(one)
        subjects.open_subject(other)
        shuffled = data.draw(st.permutations(heard))
        consent.record([said(one, s, days=d, channel=c, purpose=purpose) for s, c, d in heard])
        consent.record([said(other, s, days=d, channel=c, purpose=purpose) for s, c, d in shuffled[:split_at]])
        consent.record([said(other, s, days=d, channel=c, purpose=purpose) for s, c, d in shuffled[split_at:]])

        answers = [allowed(one, purpose, channel) for channel in (None, MAILED, Channel.SMS)]

        assert answers == [allowed(other, purpose, channel) for channel in (None, MAILED, Channel.SMS)]
        kept = list(ConsentState.objects.filter(customer_id=one).values_list("channel", "state").order_by("channel"))
        consent.rebuild_states([one])
        rebuilt = ConsentState.objects.filter(customer_id=one).values_list("channel", "state").order_by("channel")
        assert kept == list(rebuilt)
        transaction.set_rollback(True)
