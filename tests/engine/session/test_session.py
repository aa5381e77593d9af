from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings

from llm4cov_engine import (
    Author,
    Feedback,
    Proposal,
    Seconds,
    Session,
    SessionError,
    SessionStore,
    SourceFile,
    State,
    Status,
    Tokens,
    Transition,
)
from tests.engine.session import records

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SessionStore]:
    with SessionStore.open(tmp_path / "sessions.db") as opened:
        yield opened


def test_a_new_session_is_s0_alone(store: SessionStore) -> None:
    session = store.create(records.DESIGN, policy="builtin", settings={"rounds": 3, "target": None})
    (origin,) = session.nodes
    assert (origin.number, origin.parent, origin.score, origin.author) == (0, None, 0.0, None)
    assert session.best == origin
    assert session.state(origin) == State(records.DESIGN)
    assert session.transition(origin) is None
    assert session.trajectory(origin) == ()
    assert session.settings == {"rounds": 3, "target": None}


def test_a_reopened_session_gives_back_equal_rounds(store: SessionStore) -> None:
    session = store.create(records.DESIGN, policy="chat", settings={"mode": "memoryless"})
    rounds = records.chain(5)
    for transition in rounds:
        session.record(transition)
    with SessionStore.open(store.path) as other:
        again = other.load(session.id)
        assert list(again.transitions()) == rounds
        assert again.trajectory(again.nodes[5]) == tuple(rounds)
        assert again.trajectory(again.nodes[2]) == tuple(rounds[:2])
        assert again.state(again.best) == rounds[-1].result
        assert again.nodes == session.nodes
        assert again.design == records.DESIGN
        assert (again.policy, again.settings, again.created, again.tool) == (
            session.policy,
            session.settings,
            session.created,
            session.tool,
        )


def test_a_node_tells_how_it_came_to_be(store: SessionStore) -> None:
    session = store.create(records.DESIGN, policy="chat")
    first, second = records.chain(2)
    session.record(first)
    session.record(second)
    node = session.nodes[2]
    assert (node.number, node.parent) == (2, 1)
    assert (node.author, node.policy, node.model) == (Author.STUDENT, "chat", "a-model")
    assert (node.note, node.tokens, node.seconds) == ("try 2", Tokens(100, 10), 1.0)
    assert (node.status, node.score, node.closed) == (Status.SUCCESS, second.result.score, False)
    assert node.gain == second.gain
    assert node.goodness == second.result.goodness
    assert session.created <= session.nodes[1].created <= node.created
    assert node.created.utcoffset() is not None


def test_branches_attach_where_they_belong(store: SessionStore) -> None:
    session = store.create(records.DESIGN, policy="chat")
    first, second, third = records.chain(3)
    for transition in (first, second, third):
        session.record(transition)
    # In another process, and with the same answer out of the cache.
    again = store.load(session.id)
    cached = replace(first.feedback, cached=True, seconds=Seconds())
    from_first = State(records.DESIGN, first.proposal.testbench, cached)
    again.record(Transition(from_first, records.proposal(10), records.feedback(1)))
    again.record(Transition(State(records.DESIGN), records.proposal(11), records.feedback(2)))
    assert [node.parent for node in again.nodes] == [None, 0, 1, 2, 1, 0]
    assert [node.number for node in again.children(again.nodes[1])] == [2, 4]
    assert [node.number for node in again.children(again.nodes[0])] == [1, 5]
    assert again.node(from_first) == again.nodes[1]
    assert again.node(State(records.DESIGN, records.testbench(99))) is None


def test_the_best_is_the_earliest_of_equals(store: SessionStore) -> None:
    session = store.create(records.DESIGN, policy="chat")
    state = State(records.DESIGN)
    failed = Feedback(Status.COMPILE_FAILED, log="syntax error")
    for number, feedback in enumerate([failed, records.feedback(4), records.feedback(4), failed], start=1):
        session.record(Transition(state, records.proposal(number), feedback))
    assert session.best.number == 2
    assert session.nodes[1].status is Status.COMPILE_FAILED


def test_a_failed_proposal_beats_nothing_but_is_kept(store: SessionStore) -> None:
    session = store.create(records.DESIGN, policy="chat")
    nothing = Proposal(None, Author.STUDENT, "chat", note="the reply held no testbench")
    transition = Transition(State(records.DESIGN), nothing, Feedback(Status.SCREENED_OUT, log=nothing.note))
    session.record(transition)
    # Rounds may go on from such a state.
    follower = Transition(transition.result, records.proposal(2), records.feedback(3))
    session.record(follower)
    assert [node.parent for node in session.nodes] == [None, 0, 1]
    assert list(store.load(session.id).transitions()) == [transition, follower]


def test_a_state_from_outside_becomes_a_node_without_a_round(store: SessionStore) -> None:
    session = store.create(records.DESIGN, policy="builtin")
    mine = State(records.DESIGN, records.testbench(0), records.feedback(3))
    transitions = [
        Transition(mine, records.proposal(1), records.feedback(4)),
        Transition(mine, records.proposal(2), records.feedback(5)),
    ]
    for transition in transitions:
        session.record(transition)
    origin, outside, *_ = session.nodes
    assert [node.parent for node in session.nodes] == [None, 0, 1, 1]
    assert outside.author is None
    assert session.state(outside) == mine
    assert session.transition(outside) is None
    assert session.trajectory(session.nodes[2]) == (transitions[0],)
    assert list(store.load(session.id).transitions()) == transitions
    assert session.children(origin) == (outside,)
    (summary,) = store.sessions()
    assert summary.rounds == 2


def test_a_testbench_never_simulated_can_be_where_a_round_starts(store: SessionStore) -> None:
    session = store.create(records.DESIGN, policy="builtin")
    transition = Transition(
        State(records.DESIGN, records.testbench(0)), records.proposal(1), records.feedback(4)
    )
    session.record(transition)
    assert list(store.load(session.id).transitions()) == [transition]
    assert session.nodes[1].status is None


def test_the_same_answer_twice_is_two_rounds_and_one_content(store: SessionStore) -> None:
    session = store.create(records.DESIGN, policy="builtin")
    first = records.chain(1)[0]
    session.record(first)
    session.record(Transition(first.result, first.proposal, replace(first.feedback, cached=True)))
    session.record(Transition(first.result, records.proposal(2), records.feedback(5)))
    assert [node.parent for node in session.nodes] == [None, 0, 1, 1]
    assert [each.feedback.cached for each in session.transitions()] == [False, True, False]


def test_other_rtl_is_refused(store: SessionStore) -> None:
    session = store.create(records.DESIGN, policy="builtin")
    changed = replace(records.DESIGN, sources=(SourceFile("rtl/counter.sv", "module counter; endmodule"),))
    with pytest.raises(SessionError, match="no longer") as caught:
        session.record(Transition(State(changed), records.proposal(1), records.feedback(1)))
    assert "new session" in caught.value.remedy
    assert len(session.nodes) == 1


def test_other_targets_are_no_other_design(store: SessionStore) -> None:
    session = store.create(records.DESIGN, policy="builtin")
    eager = replace(records.DESIGN, targets=())
    session.record(Transition(State(eager), records.proposal(1), records.feedback(10)))
    assert session.nodes[1].closed


def test_recording_into_a_deleted_session_says_so(store: SessionStore) -> None:
    session = store.create(records.DESIGN, policy="builtin")
    store.delete(session.id)
    with pytest.raises(SessionError, match="deleted"):
        session.record(records.chain(1)[0])


def test_two_openings_of_one_session_see_each_other(store: SessionStore) -> None:
    session = store.create(records.DESIGN, policy="builtin")
    rounds = records.chain(2)
    with SessionStore.open(store.path) as other:
        again = other.load(session.id)
        session.record(rounds[0])
        again.record(rounds[1])
        assert [node.parent for node in session.nodes] == [None, 0, 1]
        assert session.nodes == again.nodes


def test_threads_may_share_a_session(store: SessionStore) -> None:
    session = store.create(records.DESIGN, policy="builtin")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(session.record, records.chain(12)))
        assert sorted(pool.map(lambda node: session.state(node).score, session.nodes[1:]))[-1] > 0.9
    assert [node.number for node in session.nodes] == list(range(13 + outside(session)))


def outside(session: Session) -> int:
    """States that were recorded before the round that led to them."""
    return sum(node.author is None for node in session.nodes[1:])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=30)
@given(proposal=records.any_proposal, feedback=records.any_feedback)
def test_any_round_survives_the_store(store: SessionStore, proposal: Proposal, feedback: Feedback) -> None:
    session = store.create(records.DESIGN, policy="any")
    transition = Transition(State(records.DESIGN), proposal, feedback)
    session.record(transition)
    (again,) = store.load(session.id).transitions()
    assert again == transition
