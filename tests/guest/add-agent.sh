#!/bin/bash
# Adds vmupdate-agent to the tiny guest: add-agent.sh FOLDER AGENT makes FOLDER/initrd-agent out of FOLDER/initrd, which build-guest.sh made, the
# published file AGENT with the libraries it names, and the folder agent beside this script. The kernel unpacks one archive after the other.
# No libssl is in it on purpose: an agent that wanted one would end at its first payload, and the end-to-end tests with it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
target=$(cd "${1:?the folder of the guest}" && pwd)
agent=${2:?the published vmupdate-agent}
work=$(mktemp -d "$target/agent.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/root/bin" "$work/root/lib" "$work/files"
cp -r "$here/agent/." "$work/root/"
install -m 755 "$agent" "$work/root/bin/vmupdate-agent"
dpkg-deb -x "$target"/packages/libc6_*.deb "$work/files"
for library in $(python3 "$here/guest_image.py" needed "$agent"); do
    found=$(find "$work/files" -name "$library" | head -n 1)
    [ -n "$found" ] || { echo "no package holds $library, which vmupdate-agent needs" >&2; exit 1; }
    cp -L "$found" "$work/root/lib/$library"
done
{ cat "$target/initrd"; python3 "$here/guest_image.py" archive "$work/root"; } > "$work/initrd-agent"
mv "$work/initrd-agent" "$target/initrd-agent"
