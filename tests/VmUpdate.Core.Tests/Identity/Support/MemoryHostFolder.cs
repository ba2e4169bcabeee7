using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Core.Tests.Identity.Support;

/// <summary>A folder of the host in memory.</summary>
internal sealed class MemoryHostFolder : IHostFolder
{
    public Dictionary<string, byte[]> Files { get; } = [];

    public bool IsReadOnly { get; set; }

    public string Path => "/nowhere/identities";

    public long FreeBytes { get; set; } = long.MaxValue;

    public int Flushes { get; private set; }

    public IBlockFile Create(string name)
    {
        if (IsReadOnly)
        {
            throw new HostFileException(HostFileFailure.AccessDenied, Path, "creating it was refused.");
        }

        Files.Add(name, []);
        return new MemoryFile(this, name, true);
    }

    public IBlockFile Open(string name, HostFileMode mode) =>
        new MemoryFile(this, name, mode == HostFileMode.ReadWrite);

    public bool Exists(string name) => Files.ContainsKey(name);

    public IReadOnlyList<string> Enumerate() => [.. Files.Keys];

    public void Rename(string from, string to)
    {
        Files[to] = Files[from];
        Files.Remove(from);
    }

    public void Delete(string name) => Files.Remove(name);

    public void Flush() => Flushes++;

    private sealed class MemoryFile(MemoryHostFolder folder, string name, bool writable) : IBlockFile
    {
        public long Length => folder.Files[name].Length;

        public bool CanWrite => writable;

        public void ReadAt(long offset, Span<byte> buffer) => folder.Files[name].AsSpan((int)offset, buffer.Length).CopyTo(buffer);

        public void WriteAt(long offset, ReadOnlySpan<byte> buffer)
        {
            if (offset + buffer.Length > Length)
            {
                SetLength(offset + buffer.Length);
            }

            buffer.CopyTo(folder.Files[name].AsSpan((int)offset));
        }

        public void SetLength(long length)
        {
            byte[] bytes = folder.Files[name];
            Array.Resize(ref bytes, (int)length);
            folder.Files[name] = bytes;
        }

        public void Flush() => folder.Flush();

        public void Dispose()
        {
        }
    }
}
