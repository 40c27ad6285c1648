#!/bin/sh
# One night of a campaign, for cron: `nightly.sh submit` late, `nightly.sh collect` early.
#
# Says nothing if all is well, so that cron sends a mail only when somebody should look. The journal's own
# lock keeps two runs apart; the one that comes second waits.
set -u
cd "${CALLSHEET_HOME:-/srv/callsheet}" || exit 1
umask 077
mkdir -p logs
log=logs/$(date +%Y-%m-%d).log

# `credentials.env` holds CREATIFY_API_ID=… and CREATIFY_API_KEY=…, and is nobody else's: chmod 600.
export CALLSHEET_CREDENTIALS_FILE=credentials.env
export CALLSHEET_PROGRESS=plain
export CALLSHEET_LOCK_WAIT=30m

case "${1:-}" in
submit) callsheet run nightly.yaml --submit-only --max-credits-run 200 --max-fail 10% >>"$log" 2>&1 ;;
# What was submitted before midnight is yesterday's: `collect nightly.yaml --date yesterday`.
collect) callsheet collect nightly.yaml --max-duration 2h >>"$log" 2>&1 ;;
*)
    echo "usage: nightly.sh submit|collect" >&2
    exit 2
    ;;
esac
code=$?

# 0: all done. 8: renders go on, as `--submit-only` means them to.
if [ "$code" -ne 0 ] && ! { [ "$1" = submit ] && [ "$code" -eq 8 ]; }; then
    echo "callsheet ended with $code; the end of $PWD/$log:"
    tail -n 40 "$log"
    exit "$code"
fi
