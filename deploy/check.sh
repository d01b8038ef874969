#!/usr/bin/env bash
# Checks what is in deploy/ by schema and by rule: `make check-deploy`. A tool that is missing is named; in CI that fails.
set -uo pipefail
cd "$(dirname "$0")/.."
bin=${1:?folder of hadolint, checkov and kubernetes-validate}
failed=0 missing=()

check() { # check NAME COMMAND…: prints the output of what fails
    local name=$1 output
    shift
    if output=$("$@" 2>&1); then echo "ok      $name"; else echo "FAILED  $name"; echo "$output"; failed=1; fi
}
have() {
    command -v "$1" >/dev/null || { missing+=("$1 ($2)"); return 1; }
}

check "hadolint: Dockerfile" "$bin/hadolint" deploy/docker/Dockerfile
check "checkov: Dockerfile" "$bin/checkov" --quiet --compact --skip-download --framework dockerfile --file deploy/docker/Dockerfile
[ -d deploy/kubernetes ] && check "checkov: Kubernetes" "$bin/checkov" --quiet --compact --skip-download \
    --config-file deploy/kubernetes/.checkov.yaml --directory deploy/kubernetes
if [ -d deploy/kubernetes ]; then
    mapfile -t manifests < <(grep -lr '^kind:' deploy/kubernetes --include='*.yaml' | xargs grep -L 'kustomize.config.k8s.io\|monitoring.coreos.com' | sort)
    check "kubernetes-validate" "$bin/kubernetes-validate" --strict "${manifests[@]}"
fi
if have docker-compose "apt-get install docker-compose"; then
    made=$(mktemp -d)
    cp -r deploy/compose "$made/compose"
    "$made/compose/init.sh" >/dev/null
    check "docker-compose config" docker-compose --file "$made/compose/compose.yaml" config --quiet
    rm -rf "$made"
fi
if have systemd-analyze "apt-get install systemd"; then
    made=$(mktemp -d)
    for unit in deploy/systemd/*.s*; do # the program lies elsewhere here
        sed 's|/opt/slimgate/bin/slimgate|/bin/true|' "$unit" > "$made/$(basename "$unit")"
    done
    check "systemd-analyze verify" systemd-analyze verify --man=no "$made"/*
    for unit in slimgate slimgate-engine; do
        check "systemd-analyze security: $unit" systemd-analyze security --offline=true --threshold=20 "$made/$unit.service"
    done
    rm -rf "$made"
fi
if have promtool "apt-get install prometheus"; then
    made=$(mktemp -d)
    cp deploy/prometheus/slimgate.rules.yml deploy/compose/prometheus.yml "$made"
    sed -i 's|/run/secrets/api_key|/dev/null|' "$made/prometheus.yml"
    check "promtool: compose" promtool check config "$made/prometheus.yml"
    rm -rf "$made"
fi
if [ ${#missing[@]} -gt 0 ]; then
    printf 'not here: %s\n' "${missing[@]}"
    [ -n "${NOTHING_SKIPS:-}" ] && failed=1
fi
exit $failed
