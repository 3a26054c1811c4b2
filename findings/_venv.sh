# Sourced by the findings: a temporary folder with pinned packages, gone at the end.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

with_packages() { # package==version...: afterwards `python` runs with them, in the temporary folder
  python3 -m venv "$place/venv"
  "$place/venv/bin/python" -m pip install -q --disable-pip-version-check "$@"
  cd "$place"
}

python() { "$place/venv/bin/python" -W ignore "$@"; }
