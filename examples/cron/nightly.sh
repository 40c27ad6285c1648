#!/bin/sh
# One night of a campaign, for cron: `nightly.sh submit` late, `nightly.sh collect` early.
#
# It prints nothing if there is no problem, so cron sends mail only when one needs attention. Two runs at the
# same time are safe: the output folder is locked, and the second run waits.
set -u
cd "${CALLSHEET_HOME:-/srv/callsheet}" || exit 1
umask 077
mkdir -p logs
log=logs/$(date +%Y-%m-%d).log

# The file has lines CREATIFY_API_ID=… and CREATIFY_API_KEY=…, and must be private: chmod 600.
export CALLSHEET_CREDENTIALS_FILE=credentials.env
export CALLSHEET_PROGRESS=plain
export CALLSHEET_LOCK_WAIT=30m

case "${1:-}" in
submit) callsheet run nightly.yaml --submit-only --max-credits-run 200 --max-fail 10% >>"$log" 2>&1 ;;
# `--all-dates`: also what earlier nights have left.
collect) callsheet collect nightly.yaml --all-dates --max-duration 2h >>"$log" 2>&1 ;;
*)
    echo "usage: nightly.sh submit|collect" >&2
    exit 2
    ;;
esac
code=$?

# 0: all done. 8: renders are outstanding, as expected after `--submit-only`.
if [ "$code" -ne 0 ] && ! { [ "$1" = submit ] && [ "$code" -eq 8 ]; }; then
    echo "callsheet ended with $code; the end of $PWD/$log:"
    tail -n 40 "$log"
    exit "$code"
fi
