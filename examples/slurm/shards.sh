#!/bin/sh
#SBATCH --job-name=callsheet
#SBATCH --array=1-8
#SBATCH --time=06:00:00
# Before the time is over, long enough for the answers to what has been sent.
#SBATCH --signal=B:TERM@180
# sbatch shards.sh; one part of it once more: sbatch --array=3 shards.sh
#
# With the number from Slurm and the count written down, a part that is run again is the same part.
# (`--shard auto` takes both from Slurm, and refuses a part of an array.)
set -eu
export CALLSHEET_CREDENTIALS_FILE="$HOME/.config/callsheet/creatify.env"
exec callsheet run campaign.csv --shard "$SLURM_ARRAY_TASK_ID/8" --share --progress plain

# The same without Slurm, on one machine: seq 8 | parallel callsheet run campaign.csv --shard {}/8 --share
# When all are through: callsheet report --merge campaign-output
