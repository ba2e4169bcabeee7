#!/bin/bash
# Builds a tiny Linux guest out of Debian's packages: build-guest.sh FOLDER makes FOLDER/vmlinux and FOLDER/initrd, nothing else is installed.
#   vmlinux  Debian's cloud kernel as a plain ELF file, which QEMU starts without a boot loader
#   initrd   busybox, the QEMU guest agent, ntfs-3g, the kernel modules of virtio, and the init of this folder
# Needs apt-get with package lists, dpkg-deb, objdump or readelf, and python3. It takes about ten seconds.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
target=$(mkdir -p "${1:?the folder to build into}" && cd "$1" && pwd)
work=$(mktemp -d "$target/build.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$target/packages" "$work/files" "$work/kernel" "$work/root"

# The kernel's package has its version in its name; the one that the cloud flavour now stands for is taken.
kernel=$(apt-cache depends linux-image-cloud-amd64 | awk '/Depends: linux-image/ { print $2; exit }')
packages="$kernel busybox-static qemu-guest-agent ntfs-3g libntfs-3g89 libfuse2 libglib2.0-0 libnuma1 libudev1 liburing2 libpcre2-8-0 libc6"
cd "$target/packages"
for package in $packages; do
    compgen -G "${package}_*.deb" >/dev/null || apt-get download -q "$package" >/dev/null
done
for archive in ./*.deb; do
    case $archive in
        ./linux-image-*) dpkg-deb -x "$archive" "$work/kernel" ;;
        *) dpkg-deb -x "$archive" "$work/files" ;;
    esac
done

root=$work/root
mkdir -p "$root"/{bin,sbin,proc,sys,dev,run,tmp,mnt,etc,var/run,var/log,lib,lib64,root,modules}

# A program and the libraries that it names, and those that they name.
needed() { python3 "$here/guest_image.py" needed "$1"; }
add_libraries() {
    local library found
    for library in $(needed "$1"); do
        [ -e "$root/lib/$library" ] && continue
        found=$(find "$work/files" -name "$library" | head -n 1)
        [ -n "$found" ] || { echo "no package holds $library, which $1 needs" >&2; exit 1; }
        cp -L "$found" "$root/lib/$library"
        add_libraries "$found"
    done
}
add_program() {
    local found
    found=$(find "$work/files" -name "$1" \( -type f -o -type l \) -path '*bin/*' | head -n 1)
    [ -n "$found" ] || { echo "no package holds the program $1" >&2; exit 1; }
    cp -L "$found" "$root/bin/$1"
    add_libraries "$found"
}
add_program busybox
for applet in $("$root/bin/busybox" --list); do
    [ "$applet" = busybox ] || ln -sf busybox "$root/bin/$applet"
done
add_program qemu-ga
add_program ntfs-3g
ln -sf ../lib/ld-linux-x86-64.so.2 "$root/lib64/ld-linux-x86-64.so.2"
[ -e "$root/lib/ld-linux-x86-64.so.2" ] || cp -L "$(find "$work/files" -name ld-linux-x86-64.so.2 | head -n 1)" "$root/lib/"

# In the order in which they are loaded; a kernel that has one built in has no file of it.
modules=$(echo "$work"/kernel/lib/modules/*/kernel)
for module in drivers/virtio/{virtio_ring,virtio,virtio_pci_legacy_dev,virtio_pci_modern_dev,virtio_pci} drivers/char/virtio_console drivers/block/virtio_blk; do
    if [ -e "$modules/$module.ko" ]; then
        cp "$modules/$module.ko" "$root/modules/"
        echo "${module##*/}" >> "$root/modules/order"
    fi
done
[ ! -e "$modules/fs/fuse/fuse.ko" ] || cp "$modules/fs/fuse/fuse.ko" "$root/modules/"

install -m 755 "$here/init" "$root/init"
install -m 755 "$here/shutdown" "$root/sbin/shutdown"
echo 'root:x:0:0:root:/root:/bin/sh' > "$root/etc/passwd"
echo tiny > "$root/etc/hostname"
python3 "$here/guest_image.py" archive "$root" > "$work/initrd"
python3 "$here/guest_image.py" kernel "$work"/kernel/boot/vmlinuz-* > "$work/vmlinux"

# Whole or not at all: a build that was broken off leaves nothing that looks like a guest.
mv "$work/vmlinux" "$target/vmlinux"
mv "$work/initrd" "$target/initrd"
