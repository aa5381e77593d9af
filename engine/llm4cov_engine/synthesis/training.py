"""What LlamaFactory needs to fine-tune the stages: a configuration for each, and a script over all."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from llm4cov_engine.files import write_text

if TYPE_CHECKING:
    from pathlib import Path

BASE_MODEL = "Qwen/Qwen3-4B-Instruct-2507"
"""The student that the paper begins with."""

TEMPLATE = "qwen3_nothink"
"""LlamaFactory's name for that model's chat template."""

SCRIPT_NAME = "train.sh"
CONFIGURATION = "train.yaml"


@dataclass(frozen=True, slots=True)
class Training:
    """Hyperparameters; the defaults are those of the paper's published checkpoints.

    Attributes:
        base_model: what stage 0 begins with; each later stage goes on from the checkpoint before it.
        template: of the base model.
        batch: examples per step, over all devices.
        devices: how many the configuration is for; the script adapts it to others.
        cutoff: tokens after which an example is cut.
    """

    base_model: str = BASE_MODEL
    template: str = TEMPLATE
    learning_rate: float = 1e-5
    epochs: float = 1.0
    warmup_ratio: float = 0.03
    batch: int = 24
    devices: int = 4
    cutoff: int = 32_768
    seed: int = 42

    def configuration(self, stage: int, dataset: str) -> str:
        """The YAML of a stage; its paths are relative to the folder of the script."""
        values: dict[str, str | int | float | bool] = {
            "stage": "sft",
            "do_train": True,
            "model_name_or_path": checkpoint(stage - 1) if stage else self.base_model,
            "finetuning_type": "full",
            "template": self.template,
            "dataset_dir": f"{stage_folder(stage)}/data",
            "dataset": dataset,
            "cutoff_len": self.cutoff,
            "mask_history": True,
            "output_dir": checkpoint(stage),
            "per_device_train_batch_size": 1,
            "gradient_accumulation_steps": max(1, self.batch // self.devices),
            "learning_rate": self.learning_rate,
            "num_train_epochs": self.epochs,
            "lr_scheduler_type": "cosine",
            "warmup_ratio": self.warmup_ratio,
            "optim": "adamw_torch",
            "bf16": True,
            "gradient_checkpointing": True,
            "seed": self.seed,
            "data_seed": self.seed,
            "logging_steps": 1,
            "save_strategy": "epoch",
            "save_total_limit": 1,
            "plot_loss": True,
            "report_to": "none",
        }
        lines = [f"{name}: {_scalar(value)}" for name, value in values.items()]
        head = f"# Stage {stage} of LLM4Cov's progressive fine-tuning (arXiv 2602.16953), for LlamaFactory.\n"
        return head + "".join(line + "\n" for line in lines)


def stage_folder(stage: int) -> str:
    """Where a stage's sessions and data lie below the folder of a synthesis."""
    return f"stage{stage}"


def checkpoint(stage: int) -> str:
    """Where a stage's model is written, below the same folder."""
    return f"checkpoints/{stage_folder(stage)}"


def write_training(folder: Path, stage: int, dataset: str, training: Training) -> tuple[Path, Path]:
    """Write a stage's configuration, and the script that runs every stage there is; returns both paths.

    Args:
        folder: of the synthesis: it holds the stages.
        dataset: the name dataset_info.json gives the rows to train on.

    Raises:
        StorageError: they cannot be written.
    """
    configuration = folder / stage_folder(stage) / CONFIGURATION
    script = folder / SCRIPT_NAME
    write_text(configuration, training.configuration(stage, dataset))
    write_text(script, (files(__package__) / SCRIPT_NAME).read_text("utf-8"))
    script.chmod(0o755)
    return configuration, script


def _scalar(value: str | float) -> str:
    """A YAML scalar: numbers and truth values as JSON has them, and plain words as they are."""
    if isinstance(value, str):
        return value
    text = json.dumps(value)
    # Without a point, YAML 1.1 takes a number with an exponent for a text.
    return text.replace("e", ".0e", 1) if "e-" in text and "." not in text else text
