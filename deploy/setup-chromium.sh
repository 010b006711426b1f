#!/bin/sh
# The browser tests need Chromium and a Chinese font: installs both where the user is root on Debian.
set -eu
for name in chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done
[ -d "/Applications/Google Chrome.app" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq && apt-get install -y -qq chromium fonts-noto-cjk >/dev/null
else
    echo "Chromium is missing: install it with your package manager, such as 'sudo apt install chromium fonts-noto-cjk'." >&2
    exit 1
fi
