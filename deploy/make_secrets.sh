#!/bin/sh
# Write the secrets of the production shape into deploy/secrets/, once; what is there stays.
set -eu
cd "$(dirname "$0")"
umask 077
mkdir -p secrets
random() { head -c 36 /dev/urandom | base64 | tr -d '+/=\n'; }
keep() { [ -s "secrets/$1" ] || printf '%s' "$2" > "secrets/$1"; }
keep secret_key "$(random)$(random)"
keep postgres_password "$(random)"
keep database_url "postgres://hematovision:$(cat secrets/postgres_password)@postgres:5432/hematovision"
# The containers' user is not this one, and Compose mounts each file with its mode; the folder
# keeps this machine's other users out.
chmod 644 secrets/*
echo "deploy/secrets/ is ready."
