using System.Buffers.Binary;
using VmUpdate.DiskFormats.Checksums;
using VmUpdate.DiskFormats.Vhdx;
using VmUpdate.DiskFormats.Vhdx.Log;
using VmUpdate.Simulation.Files;
using Xunit;

namespace VmUpdate.DiskFormats.Tests.Vhdx;

/// <summary>The bytes of a small VHDX file, to be spoilt in known ways. Its checksums are made right again after each change.</summary>
internal sealed class VhdxImage
{
    public const string Path = "/disks/disk.vhdx";
    public const int Length = 6 * VhdxTestDisk.Mebibyte;

    /// <summary>Where the first payload block lies in a file that we made: behind headers, log, metadata and BAT.</summary>
    public const int FirstBlock = 4 * VhdxTestDisk.Mebibyte;

    public const int LogOffset = VhdxTestDisk.Mebibyte;
    public const int MetadataOffset = 2 * VhdxTestDisk.Mebibyte;
    public const int BatOffset = 3 * VhdxTestDisk.Mebibyte;

    private static readonly Lazy<byte[]> DynamicBytes = new(MakeDynamic);

    private VhdxImage(byte[] bytes) => Bytes = bytes;

    public byte[] Bytes { get; private set; }

    /// <summary>A dynamic disk of 6 MiB whose first block of 2 MiB is full of bytes of seed 1.</summary>
    public static VhdxImage Dynamic() => new((byte[])DynamicBytes.Value.Clone());

    private static byte[] MakeDynamic()
    {
        var files = new CrashFileSystem();
        files.CreateFolder("/disks", false);
        using (VhdxDisk disk = VhdxDisk.CreateDynamic(Path, Length, VhdxTestDisk.CreateOptions(files)))
        {
            disk.WriteAt(0, VhdxTestDisk.Bytes(2 * VhdxTestDisk.Mebibyte, 1));
            disk.Complete();
        }

        return files.ReadAll(Path);
    }

    public static VhdxImage Of(CrashFileSystem files, string path) => new(files.ReadAll(path));

    /// <summary>A child of <see cref="Dynamic"/> with one own sector at 1 MiB.</summary>
    public static CrashFileSystem ChildAndParent(string childPath)
    {
        CrashFileSystem files = Dynamic().ToFiles();
        using VhdxDisk disk = VhdxDisk.CreateDifferencing(childPath, Path, VhdxTestDisk.CreateOptions(files));
        disk.WriteAt(VhdxTestDisk.Mebibyte, VhdxTestDisk.Bytes(512, 2));
        disk.Complete();
        return files;
    }

    public CrashFileSystem ToFiles(string path = Path)
    {
        var files = new CrashFileSystem();
        files.Add(path, Bytes);
        return files;
    }

    public void Resize(int length)
    {
        byte[] bytes = new byte[length];
        Bytes.AsSpan(0, Math.Min(length, Bytes.Length)).CopyTo(bytes);
        Bytes = bytes;
    }

    public VhdxHeader ReadHeader() => VhdxHeader.ReadCurrent(Header(0), Header(1), Bytes.Length, out _);

    /// <summary>Changes both headers.</summary>
    public void ChangeHeader(Func<VhdxHeader, VhdxHeader> change)
    {
        VhdxHeader header = change(ReadHeader());
        header.Write(Header(0));
        (header with { SequenceNumber = header.SequenceNumber + 1 }).Write(Header(1));
    }

    public Span<byte> Header(int copy) =>
        Bytes.AsSpan((int)(copy == 0 ? VhdxHeader.FirstOffset : VhdxHeader.SecondOffset), VhdxHeader.Size);

    /// <summary>Makes the checksum of a structure right whose field is at its byte 4.</summary>
    public void Seal(long offset, int length)
    {
        Span<byte> structure = Bytes.AsSpan((int)offset, length);
        BinaryPrimitives.WriteUInt32LittleEndian(structure[4..], Crc32C.ComputeWithFieldZero(structure, 4));
    }

    public Span<byte> BatEntry(int index) => Bytes.AsSpan(BatOffset + (index * 8), 8);

    /// <summary>Puts an entry into the log and returns where the next one goes.</summary>
    public int PutLog(int position, byte[] entry)
    {
        int head = Math.Min(entry.Length, VhdxTestDisk.Mebibyte - position);
        entry.AsSpan(0, head).CopyTo(Bytes.AsSpan(LogOffset + position));
        entry.AsSpan(head).CopyTo(Bytes.AsSpan(LogOffset));
        return (position + entry.Length) % VhdxTestDisk.Mebibyte;
    }

    /// <summary>An entry that writes one page of a byte.</summary>
    public byte[] Entry(Guid log, ulong number, int tail, long target, byte value)
    {
        byte[] page = new byte[4096];
        page.AsSpan().Fill(value);
        return LogEntry.Compose(log, number, tail, Bytes.Length, [new KeyValuePair<long, byte[]>(target, page)]);
    }

    public static void SealEntry(byte[] entry) =>
        BinaryPrimitives.WriteUInt32LittleEndian(entry.AsSpan(4), Crc32C.ComputeWithFieldZero(entry, 4));

    public DiskFormatException RequireRefused(DiskFormatDefect defect)
    {
        foreach (bool writable in (bool[])[false, true])
        {
            CrashFileSystem files = ToFiles();
            byte[] before = files.ReadAll(Path);
            void Open()
            {
                using VhdxDisk disk = writable ? VhdxTestDisk.OpenForWriting(Path, files) : VhdxTestDisk.OpenForReading(Path, files);
                disk.ReadAt(0, new byte[Length]);
            }

            DiskFormatException failure = Assert.Throws<DiskFormatException>(Open);
            Assert.Equal(defect, failure.Defect);
            Assert.Equal(Path, failure.Subject);
            Assert.Equal(before, files.ReadAll(Path));
            if (writable)
            {
                return failure;
            }
        }

        throw new InvalidOperationException();
    }
}
