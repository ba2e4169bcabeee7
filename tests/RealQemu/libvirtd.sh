#!/bin/bash
# A libvirtd with machines of its own: libvirtd.sh FOLDER, as the first script of a new mount and process namespace, under an init that buries
# what ends (unshare --mount --pid --fork --kill-child --mount-proc tini -- libvirtd.sh FOLDER). All that libvirt keeps lies in FOLDER; the
# computer's own libvirt is neither seen nor touched. It runs until its standard input is closed; then everything in the namespace is gone.
# One that is killed starts again, as with systemd, unless FOLDER/hold is there.
set -euo pipefail
root=${1:?the folder of all that libvirt keeps}
for pair in etc:/etc/libvirt run:/run/libvirt lib:/var/lib/libvirt log:/var/log/libvirt cache:/var/cache/libvirt; do
    mkdir -p "$root/${pair%%:*}" "${pair#*:}"
    mount --bind "$root/${pair%%:*}" "${pair#*:}"
done
exec >>"$root/log/output" 2>&1

# As root, without the helpers that a whole system has: no systemd, no control groups, no security labels.
mkdir -p "$root/lib/qemu"
cat > "$root/etc/qemu.conf" <<'SETTINGS'
user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
namespaces = []
cgroup_controllers = []
stdio_handler = "file"
save_image_format = "raw"
SETTINGS
cat > "$root/etc/libvirtd.conf" <<SETTINGS
auth_unix_rw = "none"
unix_sock_rw_perms = "0700"
log_outputs = "3:file:$root/log/libvirtd.log"
SETTINGS

(
    while :; do
        [ -e "$root/hold" ] || libvirtd --pid-file "$root/libvirtd.pid" --config "$root/etc/libvirtd.conf" </dev/null || true
        sleep 0.1
    done
) &
cat >/dev/null
