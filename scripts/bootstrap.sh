#!/usr/bin/env bash
# Installs everything that a fresh clone needs: .venv from the lock file, and Java; with `dev`, also the tests' tools.
# With `deep`, adds to .venv what deep models need; with `connectors`, what some connectors need.
# Needs CPython 3.11 to 3.13. Skips what is installed already, so it is quick to repeat.
# Usage: scripts/bootstrap.sh [runtime|dev|deep|connectors]
set -euo pipefail
cd "$(dirname "$0")/.."

lock="requirements/${1:-runtime}.txt"
venv=.venv
oldest_java=17

fail() { echo "error: $*" >&2; exit 1; }

# Installs the first available of the given Debian packages if we are root; otherwise prints what an administrator must
# do, in one line.
install_debian() {
    local what="$1"; shift
    command -v apt-get >/dev/null || fail "$what is missing; install it with your system's packages"
    [ "$(id -u)" = 0 ] || fail "$what is missing; run: sudo apt-get install $1"
    export DEBIAN_FRONTEND=noninteractive
    [ -n "${apt_updated:-}" ] || { echo "reading the package lists"; apt-get update -qq; apt_updated=1; }
    local package
    for package in "$@"; do
        # Do not pipe into grep: it closes the pipe early, apt-cache then fails, and the package would look missing.
        if [[ "$(apt-cache policy "$package")" == *"Candidate: "[0-9]* ]]; then
            echo "installing $package"
            apt-get install -y -qq --no-install-recommends "$package" >/dev/null && return
        fi
    done
    fail "$what could not be installed; tried $*"
}

suits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; }

find_python() {
    local python
    for python in ${PYTHON:-python3.11 python3.12 python3.13 python3}; do
        if suits "$python"; then echo "$python"; return; fi
    done
    fail "CPython 3.11 to 3.13 is needed, and none was found; install one and set PYTHON to its path"
}

make_venv() {
    local python version
    python=$(find_python)
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        install_debian "Python's venv module" "python$version-venv" python3-venv
    echo "making $venv with Python $version"
    rm -rf "$venv"
    "$python" -m venv "$venv"
}

# Installs uv from its lines in the lock file, with their hashes.
install_uv() {
    local only_uv
    only_uv=$(mktemp)
    awk '/^[^ ]/ { wanted = /^uv==/ } wanted' "$lock" >"$only_uv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r "$only_uv"
    rm "$only_uv"
}

install_packages() {
    local stamp digest started=$SECONDS
    stamp="$venv/installed-$(basename "$lock")"
    digest=$(cat "$lock" pyproject.toml | sha256sum)
    [ "$(cat "$stamp" 2>/dev/null)" = "$digest" ] && return
    [ -x "$venv/bin/uv" ] || install_uv
    # uv does not read pip's settings, so pass it the package index that pip is configured to use, if any.
    if [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ]; then
        UV_DEFAULT_INDEX=${PIP_INDEX_URL:-$("$venv/bin/python" -m pip config get global.index-url 2>/dev/null || true)}
        if [ -n "$UV_DEFAULT_INDEX" ]; then export UV_DEFAULT_INDEX; else unset UV_DEFAULT_INDEX; fi
    fi
    echo "installing the packages of $lock"
    export VIRTUAL_ENV="$PWD/$venv"
    "$venv/bin/uv" pip install --quiet --require-hashes -r "$lock"
    "$venv/bin/uv" pip install --quiet --no-deps --no-build-isolation --editable .
    echo "$digest" >"$stamp"
    echo "installed in $((SECONDS - started)) s"
}

java_version() {
    local java=java
    [ -z "${JAVA_HOME:-}" ] || java="$JAVA_HOME/bin/java"
    { "$java" -version 2>&1 || true; } | sed -nE 's/.*version "(1\.)?([0-9]+).*/\2/p' | head -1
}

check_java() {
    local version
    version=$(java_version)
    [ "${version:-0}" -ge "$oldest_java" ] && return
    [ -z "${JAVA_HOME:-}" ] || fail "JAVA_HOME is Java ${version:-0}; Spark needs $oldest_java or newer"
    install_debian "Java $oldest_java or newer" default-jre-headless openjdk-21-jre-headless openjdk-17-jre-headless
    version=$(java_version)
    [ "${version:-0}" -ge "$oldest_java" ] || install_debian "Java $oldest_java" openjdk-21-jre-headless openjdk-17-jre-headless
}

# Without Chromium, the browser tests are skipped with the reason.
check_chromium() {
    command -v chromium >/dev/null || command -v google-chrome >/dev/null || [ "$(id -u)" != 0 ] && return
    (install_debian Chromium chromium) || echo "continuing without Chromium: the browser tests will be skipped"
}

{ [ -x "$venv/bin/python" ] && suits "$venv/bin/python" && [ -x "$venv/bin/pip" ]; } || make_venv
install_packages
check_java
[ "${1:-runtime}" != dev ] || check_chromium
