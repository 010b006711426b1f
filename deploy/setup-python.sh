#!/bin/sh
# Makes the virtual environment VENV with PYTHON and installs what requirements.lock pins.
set -eu
python=$1 venv=$2
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Shopcast needs Python 3.11 or later: make PYTHON=/path/to/python3.12" >&2
    exit 1
}
echo "1/3 Python packages (about 1.8 GB, the speech model among them)"
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
[ -x "$venv/bin/uv" ] || "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$(grep '^uv==' requirements.lock)"
# uv is quick and shows its progress; pip honours every local configuration of the index.
VIRTUAL_ENV=$venv UV_SYSTEM_CERTS=1 "$venv/bin/uv" pip install --requirement requirements.lock ||
    "$venv/bin/python" -m pip install --disable-pip-version-check --progress-bar on --requirement requirements.lock
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
