"""A tiny model learns from the three stages, one after the other; needs the extra `train`."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from llm4cov_engine.dataset.export.formats import ExportFormat
from llm4cov_engine.session.store import SessionStore
from llm4cov_engine.state import Author
from llm4cov_engine.synthesis import Balance, StageRules, build_stage
from tests.engine.dataset.export.stories import design, failure, success, tell

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.slow,
    # Of the libraries' own, among each other.
    pytest.mark.filterwarnings("ignore"),
]

STEPS = 8
CHAT = (
    "{% for message in messages %}<s>{{ message['role'] }}\n{{ message['content'] }}</s>\n{% endfor %}"
    "{% if add_generation_prompt %}<s>assistant\n{% endif %}"
)


@pytest.fixture(autouse=True)
def at_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")


def stage_data(folder: Path, stage: int) -> Path:
    """The rows of a stage: a few designs, each with a slip, its repair and an improvement."""
    author = Author.STUDENT if stage == 2 else Author.TEACHER
    with SessionStore.open(folder / f"stage{stage}.db") as store:
        for number in range(4):
            session = store.create(design(f"flop{number}"), policy="chat")
            slip = tell(session, 1, failure(), author=author)
            tell(session, 2, success(7), author=author)
            tell(session, 3 + number, success(5 + number), slip, author=author)
        rules = StageRules.of(stage, tau=0.01, formats=(ExportFormat.TRL,))
        out = folder / f"stage{stage}"
        assert build_stage([store], replace(rules, balance=Balance()), out).rows["trl"] >= 4
    return out / "trl.jsonl"


def small_model(path: Path, rows: Any) -> None:
    """A model with random weights, and a tokenizer made from what it is to read."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    texts = [turn["content"] for row in rows for turn in (*row["prompt"], *row["completion"])]
    own = Tokenizer(models.BPE())
    own.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    own.decoder = decoders.ByteLevel()
    own.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=800,
            special_tokens=["<pad>", "<s>", "</s>"],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=own, bos_token="<s>", eos_token="</s>", pad_token="<pad>"
    )
    tokenizer.chat_template = CHAT
    tokenizer.save_pretrained(path)
    torch.manual_seed(7)
    configuration = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=4096,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    LlamaForCausalLM(configuration).save_pretrained(path)


def fine_tune(start: Path, rows: Any, out: Path) -> list[float]:
    """Train and save; returns the loss of every step."""
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    trainer = SFTTrainer(
        model=AutoModelForCausalLM.from_pretrained(start),
        processing_class=AutoTokenizer.from_pretrained(start),
        train_dataset=rows,
        args=SFTConfig(
            output_dir=str(out),
            max_steps=STEPS,
            per_device_train_batch_size=2,
            learning_rate=1e-2,
            max_length=4096,
            use_cpu=True,
            bf16=False,
            logging_steps=1,
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
            seed=7,
        ),
    )
    trainer.train()
    trainer.save_model(str(out))
    return [each["loss"] for each in trainer.state.log_history if "loss" in each]


def test_the_loss_falls_from_stage_to_stage(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("trl")
    datasets = pytest.importorskip("datasets")
    stages = [
        datasets.load_dataset(
            "json", data_files=str(stage_data(tmp_path, stage)), split="train", cache_dir=str(tmp_path / "c")
        )
        for stage in range(3)
    ]
    checkpoint = tmp_path / "base"
    small_model(checkpoint, stages[0])
    losses = []
    for stage, rows in enumerate(stages):
        losses.append(fine_tune(checkpoint, rows, tmp_path / f"checkpoint{stage}"))
        checkpoint = tmp_path / f"checkpoint{stage}"
    assert all(len(each) == STEPS for each in losses)
    assert losses[0][-1] < 0.8 * losses[0][0]
    # Each stage goes on from the one before it, and what was learnt carries over.
    assert losses[1][0] < 0.8 * losses[0][0]
    assert min(losses[2]) < min(losses[1]) < min(losses[0])
    assert os.environ["HF_HUB_OFFLINE"] == "1"
