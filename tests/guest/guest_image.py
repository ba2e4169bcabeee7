"""What build-guest.sh needs beside the shell: ELF libraries, a cpio archive, and the kernel out of its packing.

guest_image.py needed FILE    the libraries that an ELF file names, one a line
guest_image.py archive ROOT   a packed newc cpio archive of a folder, with /dev/console, to the standard output
guest_image.py kernel FILE    the ELF file within a bzImage, to the standard output
"""
import ctypes
import ctypes.util
import gzip
import lzma
import os
import stat
import struct
import sys
import zlib

LZ4_LEGACY, XZ, GZIP = b"\x02\x21\x4c\x18", b"\xfd7zXZ\x00", b"\x1f\x8b\x08"
LZ4_BLOCK = 8 << 20


def needed(path):
    """[ELF-64 gABI] The DT_NEEDED entries of the dynamic section."""
    data = open(path, "rb").read()
    if data[:5] != b"\x7fELF\x02":
        return []
    table, size, count = struct.unpack_from("<Q", data, 32)[0], *struct.unpack_from("<HH", data, 54)
    segments = [struct.unpack_from("<IIQQQQ", data, table + i * size) for i in range(count)]
    dynamic = next((s for s in segments if s[0] == 2), None)
    if dynamic is None:
        return []
    entries = [struct.unpack_from("<QQ", data, dynamic[2] + i) for i in range(0, dynamic[5], 16)]
    names = next(value for tag, value in entries if tag == 5)
    place = next(names - s[3] + s[2] for s in segments if s[0] == 1 and s[3] <= names < s[3] + s[5])
    return [data[place + value:data.index(b"\0", place + value)].decode() for tag, value in entries if tag == 1]


def archive(root):
    out, number = bytearray(), 0

    def add(name, mode, data=b"", major=0, minor=0):
        nonlocal number
        number += 1
        encoded = name.encode() + b"\0"
        fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, major, minor, len(encoded), 0)
        head = b"070701" + b"".join(b"%08X" % field for field in fields) + encoded
        out.extend(head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4))

    for folder, folders, files in os.walk(root):
        folders.sort()
        for entry in sorted(folders + files):
            path = os.path.join(folder, entry)
            mode = os.lstat(path).st_mode
            data = b""
            if stat.S_ISLNK(mode):
                data = os.readlink(path).encode()
            elif stat.S_ISREG(mode):
                data = open(path, "rb").read()
            add(os.path.relpath(path, root), mode, data)
    add("dev/console", stat.S_IFCHR | 0o600, b"", 5, 1)
    add("TRAILER!!!", 0)
    return gzip.compress(bytes(out), 1, mtime=0)


def kernel(path):
    data = open(path, "rb").read()
    start = data.find(LZ4_LEGACY)
    if start >= 0:
        library = ctypes.CDLL(ctypes.util.find_library("lz4") or "liblz4.so.1")
        out, place = bytearray(), start + 4
        while place + 4 <= len(data):
            length = struct.unpack_from("<I", data, place)[0]
            if length == 0 or length > LZ4_BLOCK + (1 << 20) or place + 4 + length > len(data):
                break
            block = ctypes.create_string_buffer(LZ4_BLOCK)
            done = library.LZ4_decompress_safe(data[place + 4:place + 4 + length], block, length, LZ4_BLOCK)
            if done < 0:
                break
            out += block.raw[:done]
            place += 4 + length
    elif (start := data.find(XZ)) >= 0:
        out = lzma.LZMADecompressor().decompress(data[start:])
    else:
        out = zlib.decompressobj(31).decompress(data[data.find(GZIP):])
    if out[:4] != b"\x7fELF":
        sys.exit(f"{path}: no ELF file was found in it")
    return bytes(out)


if __name__ == "__main__":
    what, argument = sys.argv[1:]
    if what == "needed":
        print("\n".join(needed(argument)))
    else:
        sys.stdout.buffer.write({"archive": archive, "kernel": kernel}[what](argument))
