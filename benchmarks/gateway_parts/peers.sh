#!/bin/sh
# Installs the neighbours into a folder, each in an environment of its own: peers.sh FOLDER
# Then: python benchmarks/gateway.py --peers FOLDER
set -eu
folder=${1:?usage: peers.sh FOLDER}
mkdir -p "$folder"
python3 -m venv "$folder/litellm"
"$folder/litellm/bin/pip" install --quiet "litellm[proxy]"
python3 -m venv "$folder/tensorzero"
"$folder/tensorzero/bin/pip" install --quiet tensorzero
mkdir -p "$folder/portkey"
(cd "$folder/portkey" && npm init -y >/dev/null && npm install --no-audit --no-fund @portkey-ai/gateway)
for name in litellm tensorzero; do
  "$folder/$name/bin/pip" freeze | grep -i "^$name=="
done
