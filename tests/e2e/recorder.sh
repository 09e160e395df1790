#!/bin/sh
# Plays mlci in tests of the harness itself: records how it was called, leaves evidence, fails on demand.
set -eu
rights=none
test -z "${GITHUB_TOKEN:-}${MLCI_GITLAB_TOKEN:-}" || rights=token
echo "$rights|$(git rev-parse HEAD)|$*" >> "$RECORD"
case "$1" in
  run)
    mkdir -p .mlci/evidence
    git rev-parse HEAD > .mlci/evidence/head
    test ! -e RED || exit 10
    ;;
  comment | register)
    test -s "$3/evidence/head"
    ;;
  lock)
    test -s "$4/evidence/head"
    ;;
esac
