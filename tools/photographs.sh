#!/usr/bin/env bash
# Puts real photographs into .photographs, for the demo and the tests. None is in the repository.
# Debian's lomiri-wallpapers-16.04: fifteen photographs, CC0-1.0, CC-BY-4.0 and CC-BY-SA-4.0; who
# took each is in the package's copyright file, which is kept beside them.
set -euo pipefail
cd "$(dirname "$0")/.."

package=lomiri-wallpapers-16.04
fail() { printf 'set-up: %s\n' "$*" >&2; exit 1; }
command -v apt-get >/dev/null ||
    fail "the photographs come from the Debian package $package, and there is no apt-get here; put a few JPEG files into .photographs and run: touch .photographs/ready"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf 'set-up: fetching photographs (Debian package %s)\n' "$package"
fetch() { (cd "$work" && apt-get -qq download "$package" 2>/dev/null); }
fetch || {
    if [ "$(id -u)" = 0 ]; then apt-get -qq update; else sudo -n apt-get -qq update; fi >/dev/null 2>&1 || true
    fetch
} || fail "the photographs could not be fetched; run: apt-get update && apt-get download $package"

dpkg-deb -x "$work"/*.deb "$work/content"
mkdir -p .photographs
find "$work/content" -type f -name '*.jpg' -exec cp {} .photographs/ \;
cp "$work/content/usr/share/doc/$package/copyright" .photographs/COPYRIGHT
touch .photographs/ready
