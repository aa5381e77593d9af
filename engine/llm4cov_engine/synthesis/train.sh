#!/usr/bin/env bash
# Fine-tunes the stages that are here one after the other, each from the checkpoint of the one before.
# Run again, it goes on where it was. GPUS=n fits the batch to n devices; TRAINER names another trainer.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

trainer=${TRAINER:-llamafactory-cli}
gpus=${GPUS:-4}
batch=24

if ! command -v "$trainer" >/dev/null; then
    echo "There is no $trainer. Install it with: pip install llamafactory" >&2
    exit 1
fi

for stage in 0 1 2; do
    configuration=stage$stage/train.yaml
    [[ -f $configuration ]] || continue
    checkpoint=checkpoints/stage$stage
    if [[ -f $checkpoint/.finished ]]; then
        echo "Stage $stage is finished."
    else
        if [[ $stage -gt 0 && ! -f checkpoints/stage$((stage - 1))/.finished ]]; then
            echo "Stage $stage goes on from stage $((stage - 1)), which is not finished." >&2
            exit 1
        fi
        accumulation=$((batch / gpus > 0 ? batch / gpus : 1))
        "$trainer" train "$configuration" "gradient_accumulation_steps=$accumulation" "$@"
        touch "$checkpoint/.finished"
    fi
done
