"""Inputs and the outputs they answer to, by name."""

from __future__ import annotations

import pytest

from llm4cov_engine.search.partners import is_rare, partners_of


@pytest.mark.parametrize(
    ("name", "outputs", "first"),
    [
        ("mem_ready", ["trap", "mem_valid", "mem_instr"], "mem_valid"),
        ("instr_rvalid_i", ["data_req_o", "instr_req_o"], "instr_req_o"),
        ("instr_gnt_i", ["data_req_o", "instr_req_o"], "instr_req_o"),
        ("iwbm_ack_i", ["dwbm_stb_o", "iwbm_we_o", "iwbm_cyc_o"], "iwbm_cyc_o"),
        ("m_axi_arready", ["m_axi_awvalid", "m_axi_arvalid"], "m_axi_arvalid"),
        ("iBus_cmd_ready", ["dBus_cmd_valid", "iBus_cmd_valid"], "iBus_cmd_valid"),
        ("ack", ["done", "req"], "req"),
    ],
)
def test_an_answer_finds_its_request(name: str, outputs: list[str], first: str) -> None:
    assert outputs[partners_of(name, outputs)[0]] == first


def test_strangers_are_no_partners() -> None:
    assert partners_of("enable", ["overflow", "irq"]) == ()
    assert partners_of("tx_start", ["rx_done"]) == ()


@pytest.mark.parametrize("name", ["err_i", "iwbm_err_i", "nmi", "debug_req_i", "flush", "test_mode", "clear"])
def test_what_is_best_left_alone(name: str) -> None:
    assert is_rare(name)


@pytest.mark.parametrize("name", ["ready", "valid_i", "error_count_en", "data_in", "terror"])
def test_what_is_driven_like_others(name: str) -> None:
    assert not is_rare(name)
