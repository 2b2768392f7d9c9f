#!/usr/bin/env bash
# Makes .venv with posecas and its tools in it, and sees to what the mount needs from the system.
# System packages are installed only where apt-get may be used without asking.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'set-up: %s\n' "$*"; }
fail() { printf 'set-up: %s\n' "$*" >&2; exit 1; }

updated=
may_install() { command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }
install_packages() {
    say "installing $* with apt-get"
    [ -n "$updated" ] || as_root apt-get -qq update >/dev/null || return 1
    updated=1
    DEBIAN_FRONTEND=noninteractive as_root apt-get -qq install -y --no-install-recommends "$@" >/dev/null
}

find_python() {
    local candidate
    for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11; do
        [ -n "$candidate" ] || continue
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    return 1
}

python=$(find_python) || {
    may_install && install_packages python3 python3-venv || true
    python=$(find_python) || fail 'install Python 3.11 or later (Debian: apt-get install python3 python3-venv)'
}

if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    may_install && install_packages "$package" || fail "run: apt-get install $package"
fi

if ! [ -x .venv/bin/python ] || ! .venv/bin/python -c 'import pip' 2>/dev/null; then
    say "making .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
fi
say 'installing posecas and its tools into .venv'
.venv/bin/python -m pip install --quiet --no-cache-dir --disable-pip-version-check --upgrade 'pip>=25.1'
.venv/bin/python -m pip install --quiet --no-cache-dir --disable-pip-version-check --editable '.[all]' --group dev

# The mount: a kernel device and the library that mfusepy loads.
if ! .venv/bin/python -c 'import mfusepy' >/dev/null 2>&1; then
    may_install && install_packages fuse3 || true
    .venv/bin/python -c 'import mfusepy' >/dev/null 2>&1 ||
        say 'without a mount for now; for it, run: apt-get install fuse3'
fi
[ -e /dev/fuse ] || say 'without a mount for now: this machine has no /dev/fuse (modprobe fuse, or docker run --device /dev/fuse)'

# The documentation is tested as readers follow it, with a server in Node, and curl; power loss is
# tested on a log of system calls, which strace writes; npm brings servers that tests need. The mount
# is tested with the programs that people use.
for program in node npm curl strace rsync vim git sqlite3; do
    command -v "$program" >/dev/null && continue
    package=${program/#node/nodejs}
    may_install && install_packages "$package" || true
    command -v "$program" >/dev/null ||
        say "some tests will fail for now; they need: apt-get install $package"
done

# Cloudflare's emulator of R2, with a Node of its own: it needs 22.
if ! npm ci --silent --prefix tests/kit/miniflare; then
    say 'tests over the emulator of R2 will fail for now; see above what npm says'
fi

# The example in TypeScript, with Bun and sharp.
if ! npm ci --silent --prefix examples/typescript; then
    say 'tests of the mount with Node and Bun will fail for now; see above what npm says'
fi

# Python's own tests of files, which run in the mount; Debian has them in a package of their own.
if ! .venv/bin/python -c 'import test.support' 2>/dev/null; then
    package=$(.venv/bin/python -c 'import sys; print("libpython%d.%d-testsuite" % sys.version_info[:2])')
    may_install && install_packages "$package" || say "some tests will fail for now; they need: $package"
fi

touch .venv/ready
