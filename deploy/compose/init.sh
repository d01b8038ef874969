#!/bin/sh
# Makes the secrets of compose.yaml, once, and settings to begin with. What is there already stays.
set -eu
cd "$(dirname "$0")"

# Containers run as users of their own and must read these files; the folder above keeps everybody else out.
mkdir -p private/secrets
chmod 700 private
chmod 755 private/secrets

random() { head -c 32 /dev/urandom | base64 | tr -d '/+=\n'; }
make() {
    [ -e "private/secrets/$1" ] || printf '%s\n' "$2" > "private/secrets/$1"
    chmod 644 "private/secrets/$1"
}

make api_key "sk-$(random)"
make secret "$(random)"
make responses_key "$(random)"
make grafana_password "$(random)"
make postgres_password "$(random)"
make ledger_url "postgresql://slimgate:$(cat private/secrets/postgres_password)@postgres:5432/slimgate"
[ -e .env ] || echo "COMPOSE_PROJECT_NAME=slimgate" > .env
[ -e slimgate.env ] || cp slimgate.env.example slimgate.env

echo "The administrator's key is in $PWD/private/secrets/api_key, Grafana's password beside it."
echo "Settings are in $PWD/slimgate.env. Then: docker compose up --build --detach"
