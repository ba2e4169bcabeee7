#!/bin/bash
# Adds vmupdate-agent to the tiny guest: add-agent.sh FOLDER AGENT makes FOLDER/initrd-agent out of FOLDER/initrd, which build-guest.sh made, the
# published file AGENT with the libraries it names, and the folder agent beside this script. The kernel unpacks one archive after the other.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
target=$(cd "${1:?the folder of the guest}" && pwd)
agent=${2:?the published vmupdate-agent}
work=$(mktemp -d "$target/agent.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/root/bin" "$work/root/lib" "$work/files"
cp -r "$here/agent/." "$work/root/"
install -m 755 "$agent" "$work/root/bin/vmupdate-agent"
for archive in "$target"/packages/{libc6,libssl3}_*.deb; do dpkg-deb -x "$archive" "$work/files"; done

# libssl and libcrypto it looks for by itself, when it first needs a hash.
for library in libssl.so.3 libcrypto.so.3 $(python3 "$here/guest_image.py" needed "$agent"); do
    found=$(find "$work/files" -name "$library" | head -n 1)
    [ -n "$found" ] || { echo "no package holds $library, which vmupdate-agent needs" >&2; exit 1; }
    cp -L "$found" "$work/root/lib/$library"
done
{ cat "$target/initrd"; python3 "$here/guest_image.py" archive "$work/root"; } > "$work/initrd-agent"
mv "$work/initrd-agent" "$target/initrd-agent"
