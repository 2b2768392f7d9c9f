#!/usr/bin/env bash
# The main job on real photographs, in .demo: import, look, mount, read one back, write one.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
demo=$root/.demo
PATH=$root/.venv/bin:$PATH
export POSECAS_STORE=$demo/store
unset UPLOAD_DIR STORAGE_MODE

run() {
    printf '\n$ %s\n' "$*"
    "$@"
}
clean_up() {
    if mountpoint -q "$demo/mnt" 2>/dev/null; then posecas unmount "$demo/mnt"; fi
}
trap clean_up EXIT

clean_up
rm -rf "$demo"
mkdir -p "$demo/photographs/ada/spring" "$demo/photographs/ada/autumn" "$demo/photographs/bob/holiday" "$demo/mnt"
cd "$demo"
# Two users; one photograph is in two generations, as happens.
number=0
for file in "$root"/.photographs/*.jpg; do
    case $((number % 3)) in
        0) to=ada/spring ;;
        1) to=ada/autumn ;;
        2) to=bob/holiday ;;
    esac
    cp -p "$file" "photographs/$to/"
    number=$((number + 1))
done
first=$(find photographs/ada/spring -name '*.jpg' | sort | head -n 1)
cp -p "$first" photographs/bob/holiday/

run posecas init
run posecas import photographs
run posecas ls --user ada
id=$(posecas --json ls --generation spring --limit 1 | python -c 'import json, sys; row = json.load(sys.stdin); print(row["generation"] + "/" + row["pose"])')
run posecas info "$id"
run posecas stats

if [ ! -e /dev/fuse ] || { [ "$(id -u)" != 0 ] && ! command -v fusermount3 >/dev/null; }; then
    printf '\nThe mount is left out: run apt-get install fuse3, and see posecas doctor.\n'
    exit 0
fi
run posecas mount mnt
run ls mnt mnt/users mnt/users/ada/spring
file=mnt/generations/$id.jpg
printf '\n$ cmp %s %s\n' "$file" "<(posecas get $id -o -)"
cmp "$file" <(posecas get "$id" -o - | cat)
printf 'the same bytes: %s\n' "$(wc -c <"$file")"

# Any program writes there: what it has closed is stored, indexed, and has its thumbnail.
run mkdir mnt/users/ada/written
run python -c 'import sys; from PIL import Image; Image.open(sys.argv[1]).rotate(90, expand=True).save(sys.argv[2])' "$first" mnt/users/ada/written/turned.png
printf '\n$ echo %s > mnt/users/ada/written/turned.json\n' "'{\"prompt\": \"turned\"}'"
echo '{"prompt": "turned"}' > mnt/users/ada/written/turned.json
run posecas ls --prompt turned
run ls mnt/thumbnails/users/ada/written
run posecas unmount mnt
printf '\nDone. The store is .demo/store; try: posecas --store .demo/store ls\n'
