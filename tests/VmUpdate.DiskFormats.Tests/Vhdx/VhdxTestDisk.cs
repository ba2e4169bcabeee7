using System.Security.Cryptography;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Vhdx;

namespace VmUpdate.DiskFormats.Tests.Vhdx;

/// <summary>Short ways to disks for tests: ids that repeat from run to run, bytes that tell where they come from.</summary>
internal static class VhdxTestDisk
{
    public const int Mebibyte = 1024 * 1024;

    private static int _lastId;

    public static HostFileSystem Host { get; } = new();

    /// <summary>Ids in the order of their making, unique in the test run.</summary>
    public static Guid NextGuid()
    {
        byte[] bytes = new byte[16];
        BitConverter.TryWriteBytes(bytes, Interlocked.Increment(ref _lastId));
        bytes[7] = 0x40;
        bytes[8] = 0x80;
        return new Guid(bytes);
    }

    public static VhdxCreateOptions CreateOptions(IHostFileSystem? files = null, ParentCache? parents = null) =>
        new() { Files = files ?? Host, NewGuid = NextGuid, Parents = parents };

    public static VhdxDisk OpenForReading(string path, IHostFileSystem? files = null, ParentCache? parents = null) =>
        VhdxDisk.Open(path, new VhdxOpenOptions { Files = files ?? Host, Parents = parents });

    public static VhdxDisk OpenForWriting(string path, IHostFileSystem? files = null) =>
        VhdxDisk.Open(path, new VhdxOpenOptions { Files = files ?? Host, Writable = true, NewGuid = NextGuid });

    public static void CompleteAndDispose(this VhdxDisk disk)
    {
        disk.Complete();
        disk.Dispose();
    }

    /// <summary>Bytes that repeat for a seed.</summary>
    public static byte[] Bytes(int count, int seed)
    {
        byte[] bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public static byte[] Read(IBlockDevice device, long offset, int count)
    {
        byte[] bytes = new byte[count];
        device.ReadAt(offset, bytes);
        return bytes;
    }

    /// <summary>The SHA-256 of all that the guest sees, in small letters.</summary>
    public static string Hash(IBlockDevice device, int chunk = Mebibyte)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[chunk];
        for (long offset = 0; offset < device.Length; offset += buffer.Length)
        {
            int count = (int)Math.Min(buffer.Length, device.Length - offset);
            device.ReadAt(offset, buffer.AsSpan(0, count));
            hash.AppendData(buffer, 0, count);
        }

        return Convert.ToHexString(hash.GetHashAndReset()).ToLowerInvariant();
    }

    /// <summary>Makes and completes a dynamic disk with bytes of a seed in it.</summary>
    public static void MakeDynamic(string path, long length, int seed = 1, int blockSize = 2 * Mebibyte, int sectorSize = 512)
    {
        var options = new VhdxCreateOptions { Files = Host, NewGuid = NextGuid, BlockSize = blockSize, LogicalSectorSize = sectorSize };
        using VhdxDisk disk = VhdxDisk.CreateDynamic(path, length, options);
        for (long offset = 0; offset < length; offset += 3 * Mebibyte)
        {
            disk.WriteAt(offset, Bytes((int)Math.Min(Mebibyte, length - offset), seed + (int)(offset / Mebibyte)));
        }

        disk.Complete();
    }
}
