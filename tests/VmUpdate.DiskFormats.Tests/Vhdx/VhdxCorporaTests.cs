using VmUpdate.DiskFormats.Vhdx;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.DiskFormats.Tests.Vhdx;

/// <summary>Disks by Hyper-V, diskpart, qemu and others read as libvhdi, qemu-img and an independent reader read them.</summary>
[Trait("Kind", "Judge")]
public sealed class VhdxCorporaTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("dfvfs-ext2", "a6c2f0e39afe6c6a", VhdxKind.Dynamic)]
    [InlineData("dfvfs-ntfs-dynamic", "b92731f8e4bf3532", VhdxKind.Dynamic)]
    [InlineData("dfvfs-ntfs-fixed", "5237dd895f380523", VhdxKind.Fixed)]
    [InlineData("dfvfs-ntfs-parent", "c5523065bc6ef822", VhdxKind.Fixed)]
    [InlineData("discutils-btrfs", "0b959f9cb4e18348", VhdxKind.Dynamic)]
    [InlineData("discutils-swap", "60dd30b4c7436142", VhdxKind.Dynamic)]
    [InlineData("discutils-xfs5", "edc5d630b2da0ddb", VhdxKind.Dynamic)]
    [InlineData("pair-master", "da4f5284834c1d37", VhdxKind.Dynamic)]
    [InlineData("pair-old", "a26331f4b36e3d91", VhdxKind.Dynamic)]
    [InlineData("pair2-master", "60ca55060e9325db", VhdxKind.Dynamic)]
    [InlineData("pair2-old-base", "da39881c7023966e", VhdxKind.Dynamic)]
    public void A_disk_by_another_writer_reads_as_the_judges_read_it(string name, string expected, VhdxKind kind)
    {
        string path = Corpora.Open($"vhdx/{name}.vhdx.gz", _folder);
        using VhdxDisk disk = VhdxTestDisk.OpenForReading(path);
        Assert.Equal(kind, Assert.Single(disk.Chain).Kind);
        Assert.StartsWith(expected, VhdxTestDisk.Hash(disk), StringComparison.Ordinal);
    }

    [Fact]
    public void A_child_written_by_Windows_finds_its_parent_beside_it()
    {
        string child = Corpora.Open("vhdx/dfvfs-ntfs-differential.vhdx.gz", _folder);
        File.Move(Corpora.Open("vhdx/dfvfs-ntfs-parent.vhdx.gz", _folder), _folder.File("ntfs-parent.vhdx"));
        using VhdxDisk disk = VhdxTestDisk.OpenForReading(child);
        Assert.Equal([VhdxKind.Differencing, VhdxKind.Fixed], disk.Chain.Select(file => file.Kind));
        Assert.Equal("1ef1fb5360247aa7d36a38415bc7bf6e1e52f62af5e6bd1283815e82584c7efc", VhdxTestDisk.Hash(disk));
    }

    [Fact]
    public void A_child_written_by_Windows_takes_the_parent_that_the_caller_names()
    {
        string child = Corpora.Open("vhdx/dfvfs-ntfs-differential.vhdx.gz", _folder);
        string parent = Corpora.Open("vhdx/dfvfs-ntfs-parent.vhdx.gz", _folder);
        var options = new VhdxOpenOptions { Files = VhdxTestDisk.Host, ParentPaths = [parent] };
        using VhdxDisk disk = VhdxDisk.Open(child, options);
        Assert.Equal("1ef1fb5360247aa7d36a38415bc7bf6e1e52f62af5e6bd1283815e82584c7efc", VhdxTestDisk.Hash(disk, 70000));
    }

    [Fact]
    public void A_chain_of_three_reads_as_the_judges_read_it()
    {
        Corpora.Open("vhdx/pair2-old-base.vhdx.gz", _folder);
        string middle = Corpora.Open("vhdx/pair2-old-mid.vhdx.gz", _folder);
        string leaf = Corpora.Open("vhdx/pair2-old.vhdx.gz", _folder);
        using (VhdxDisk disk = VhdxTestDisk.OpenForReading(leaf))
        {
            Assert.Equal(3, disk.Chain.Count);
            Assert.Equal("3e5a761ed023d95572286f692048770d1811e2b0cbab6ecdefcaf376d4f01075", VhdxTestDisk.Hash(disk));
        }

        using VhdxDisk half = VhdxTestDisk.OpenForReading(middle);
        Assert.Equal("bef0ab84c58db24fd1a44eac11e7e321f744336b61a2e232e1e3e0f15e38de0c", VhdxTestDisk.Hash(half, 4096 * 3));
    }
}
