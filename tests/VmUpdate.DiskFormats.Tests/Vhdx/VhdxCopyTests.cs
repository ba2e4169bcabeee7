using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Vhdx;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.DiskFormats.Tests.Vhdx;

/// <summary>Full copies: what a chain holds, in one file of its own.</summary>
public sealed class VhdxCopyTests : IDisposable
{
    private const int Mebibyte = VhdxTestDisk.Mebibyte;
    private const long Length = 64L * Mebibyte;
    private readonly TempFolder _folder = new();
    private readonly HostFileSystem _files = new();

    private string Parent => _folder.File("parent.vhdx");

    private string Child => _folder.File("child.vhdx");

    private string Copy => _folder.File("copy.vhdx");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1 * Mebibyte)]
    [InlineData(2 * Mebibyte)]
    [InlineData(32 * Mebibyte)]
    public void A_copy_holds_what_the_whole_chain_does_and_takes_no_room_for_zeros(int blockSize)
    {
        byte[] expected = MakeChain(blockSize);
        using (VhdxDisk copy = VhdxDisk.CreateCopy(Copy, Child, Options(), CancellationToken.None))
        {
            copy.WriteAt(5 * Mebibyte, VhdxTestDisk.Bytes(4096, 9));
            VhdxTestDisk.Bytes(4096, 9).CopyTo(expected, 5 * Mebibyte);
            copy.Complete();
        }

        File.Delete(Child);
        File.Delete(Parent);
        using VhdxDisk read = VhdxDisk.Open(Copy, new VhdxOpenOptions { Files = _files });
        byte[] found = new byte[Length];
        read.ReadAt(0, found);
        Assert.True(expected.AsSpan().SequenceEqual(found));
        Assert.Equal(VhdxKind.Dynamic, Assert.Single(read.Chain).Kind);

        // Five blocks of 2 MiB, behind 4 MiB of tables.
        Assert.Equal(14 * Mebibyte, new FileInfo(Copy).Length);
    }

    [Fact]
    public void A_copy_that_is_canceled_or_meets_a_damaged_disk_leaves_no_file()
    {
        MakeChain(2 * Mebibyte);
        using var ended = new CancellationTokenSource();
        ended.Cancel();
        Assert.Throws<OperationCanceledException>(() => VhdxDisk.CreateCopy(Copy, Child, Options(), ended.Token).Dispose());
        Assert.False(File.Exists(Copy));
        File.Delete(Parent);
        Assert.Throws<DiskFormatException>(() => VhdxDisk.CreateCopy(Copy, Child, Options(), CancellationToken.None).Dispose());
        Assert.False(File.Exists(Copy));
    }

    [Fact]
    public void Qemu_sees_the_same_disk_in_a_copy()
    {
        Judges.Require("qemu-img");
        MakeChain(2 * Mebibyte);
        using (VhdxDisk copy = VhdxDisk.CreateCopy(Copy, Parent, Options(), CancellationToken.None))
        {
            copy.Complete();
        }

        (int exitCode, string output) = Judges.Run("qemu-img", "compare", "-f", "vhdx", "-F", "vhdx", Parent, Copy);
        Assert.True(exitCode == 0, output);
    }

    private VhdxCreateOptions Options(int blockSize = 2 * Mebibyte) => new() { Files = _files, NewGuid = Guid.NewGuid, BlockSize = blockSize };

    private byte[] MakeChain(int blockSize)
    {
        byte[] expected = new byte[Length];
        using (VhdxDisk parent = VhdxDisk.CreateDynamic(Parent, Length, Options(blockSize)))
        {
            Write(parent, Mebibyte + 512, VhdxTestDisk.Bytes(2 * Mebibyte, 1));
            Write(parent, 40 * Mebibyte, VhdxTestDisk.Bytes(70_000, 2));
            parent.Complete();
        }

        using VhdxDisk child = VhdxDisk.CreateDifferencing(Child, Parent, Options());
        Write(child, 40 * Mebibyte + 1024, VhdxTestDisk.Bytes(512, 3));
        Write(child, 60 * Mebibyte, VhdxTestDisk.Bytes(512, 4));
        child.Complete();
        return expected;

        void Write(VhdxDisk disk, int offset, byte[] bytes)
        {
            disk.WriteAt(offset, bytes);
            bytes.CopyTo(expected, offset);
        }
    }
}
