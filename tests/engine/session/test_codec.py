from __future__ import annotations

import json
from dataclasses import fields

import pytest
from hypothesis import given

from llm4cov_engine import Coverage, Design, Feedback, Point, Proposal, Testbench
from llm4cov_engine.session import codec
from tests.engine.session import records


def through(blob: codec.Blob) -> object:
    return codec.inflate(blob.digest, blob.deflated())


@given(records.any_design)
def test_a_design_comes_back_equal(design: Design) -> None:
    assert codec.design_from(through(codec.design_blob(design))) == design


@given(records.any_testbench)
def test_a_testbench_comes_back_equal(testbench: Testbench) -> None:
    assert codec.testbench_from(through(codec.testbench_blob(testbench))) == testbench


@given(records.any_proposal)
def test_a_proposal_comes_back_equal(proposal: Proposal) -> None:
    testbench = json.loads(codec.testbench_blob(proposal.testbench).text) if proposal.testbench else None
    messages = through(codec.messages_blob(proposal.messages))
    again = codec.proposal_from(codec.proposal_text(proposal), testbench, messages)
    assert again == proposal
    assert [type(value) for value in again.sampling.values()] == [
        type(value) for value in proposal.sampling.values()
    ]


@given(records.any_feedback)
def test_a_feedback_comes_back_equal(feedback: Feedback) -> None:
    parts = codec.feedback_parts(feedback)
    points = through(parts.points) if parts.points else None
    assert codec.feedback_from(through(parts.content), points, parts.call) == feedback


def test_every_field_is_known_to_the_round_trips() -> None:
    """A field added to a record must be generated above, or nobody knows whether it is stored."""
    assert {each.name for each in fields(Coverage)} == {"per_instance", "path", "simulated_as"}
    assert {each.name for each in fields(Point)} == {
        *("metric", "file", "line", "column", "module", "instances", "what", "lines", "hits"),
        *("exclusion", "because"),
    }
    assert {each.name for each in fields(Feedback)} == {
        *(
            "status",
            "coverage",
            "log",
            "problems",
            "seconds",
            "cached",
            "simulator",
            "seed",
            "notes",
            "blames_design",
            "build",
        )
    }
    assert {each.name for each in fields(Proposal)} == {
        *("testbench", "author", "policy", "note", "model", "sampling", "seed", "tokens", "messages")
    }


def test_the_call_is_no_part_of_the_content() -> None:
    fresh = codec.feedback_parts(Feedback(status=records.feedback(1).status, cached=False))
    cached = codec.feedback_parts(Feedback(status=records.feedback(1).status, cached=True))
    assert fresh.content == cached.content
    assert fresh.call != cached.call


def test_equal_points_share_a_blob_whatever_was_hit() -> None:
    one, other = codec.feedback_parts(records.feedback(1)), codec.feedback_parts(records.feedback(7))
    assert one.points == other.points
    assert one.content != other.content


@pytest.mark.parametrize("data", [b"", b"no deflate", codec.messages_blob((("user", "other"),)).deflated()])
def test_content_that_changed_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="blob"):
        codec.inflate(codec.messages_blob((("user", "mine"),)).digest, data)
