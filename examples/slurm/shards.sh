#!/bin/sh
#SBATCH --job-name=callsheet
#SBATCH --array=1-8
#SBATCH --time=06:00:00
#SBATCH --mem=1G
# Send SIGTERM three minutes before the time limit, so that submits in flight get their answers.
#SBATCH --signal=B:TERM@180
# Start: sbatch shards.sh. To repeat one shard: sbatch --array=3 shards.sh
#
# The number comes from Slurm and the count is fixed, so a repeated task is the same shard.
# (`--shard auto` takes both from Slurm, and refuses an array that is only a part of the whole.)
set -eu
export CALLSHEET_CREDENTIALS_FILE="$HOME/.config/callsheet/creatify.env"
exec callsheet run campaign.csv --shard "$SLURM_ARRAY_TASK_ID/8" --share --progress plain

# Without Slurm, on one machine: seq 8 | parallel callsheet run campaign.csv --shard {}/8 --share
# When all shards have ended: callsheet report --merge campaign-output
