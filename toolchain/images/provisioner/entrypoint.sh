#!/bin/sh
# Pulumi writes logs and workspaces into its home, so the home is made on the one writable file system, around the image's plugins.
set -eu
mkdir -p "$PULUMI_HOME"
ln -sfn /opt/pulumi-home/plugins "$PULUMI_HOME/plugins"
exec node "${@:-/app/main.mjs}"
