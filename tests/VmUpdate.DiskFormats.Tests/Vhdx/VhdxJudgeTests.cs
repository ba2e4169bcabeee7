using System.Globalization;
using VmUpdate.DiskFormats.Vhdx;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.DiskFormats.Tests.Vhdx;

/// <summary>Programs that are not ours read what we wrote, and we read what they made.</summary>
[Trait("Kind", "Judge")]
public sealed class VhdxJudgeTests : IDisposable
{
    private const int Mebibyte = VhdxTestDisk.Mebibyte;
    private const int Length = 40 * Mebibyte;
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1, "dynamic")]
    [InlineData(2, "dynamic")]
    [InlineData(3, "fixed")]
    public void Qemu_img_accepts_and_reads_what_we_wrote(int seed, string kind)
    {
        Judges.Require("qemu-img");
        string path = _folder.File("disk.vhdx");
        byte[] model = new byte[Length];
        VhdxCreateOptions options = VhdxTestDisk.CreateOptions();
        using (VhdxDisk disk = kind == "fixed" ? VhdxDisk.CreateFixed(path, Length, options) : VhdxDisk.CreateDynamic(path, Length, options))
        {
            Scribble(disk, model, seed);
            disk.Complete();
        }

        RequireQemuReads(path, model);
        using (VhdxDisk disk = VhdxTestDisk.OpenForWriting(path))
        {
            Scribble(disk, model, seed + 10);
        }

        RequireQemuReads(path, model);
        RequireIndependentReaderReads(path, model);
    }

    [Theory]
    [InlineData(4, 512)]
    [InlineData(5, 4096)]
    public void Libvhdi_and_an_independent_reader_read_a_chain_that_we_wrote(int seed, int sectorSize)
    {
        Judges.Require(Judges.Python);
        string parent = _folder.File("parent.vhdx");
        string middle = _folder.File("middle.vhdx");
        string leaf = _folder.File("leaf.vhdx");
        byte[] model = new byte[Length];
        var options = new VhdxCreateOptions { Files = VhdxTestDisk.Host, NewGuid = VhdxTestDisk.NextGuid, LogicalSectorSize = sectorSize };
        using (VhdxDisk disk = VhdxDisk.CreateDynamic(parent, Length, options))
        {
            Scribble(disk, model, seed);
            disk.Complete();
        }

        using (VhdxDisk disk = VhdxDisk.CreateDifferencing(middle, parent, options))
        {
            Scribble(disk, model, seed + 1);
            disk.Complete();
        }

        RequireIndependentReaderReads(middle, model);
        RequireLibvhdiReads(model, middle, parent);
        VhdxDisk.CreateDifferencing(leaf, middle, options).CompleteAndDispose();
        for (int round = 0; round < 3; round++)
        {
            using (VhdxDisk disk = VhdxTestDisk.OpenForWriting(leaf))
            {
                Scribble(disk, model, seed + 20 + round);
            }

            RequireIndependentReaderReads(leaf, model);
        }
    }

    [Fact]
    public void We_write_to_a_disk_that_qemu_img_made()
    {
        Judges.Require("qemu-img");
        string path = _folder.File("disk.vhdx");
        Assert.Equal(0, Judges.Run("qemu-img", "create", "-q", "-f", "vhdx", path, Length.ToString(CultureInfo.InvariantCulture)).ExitCode);
        byte[] model = new byte[Length];
        using (VhdxDisk disk = VhdxTestDisk.OpenForWriting(path))
        {
            Scribble(disk, model, 7);
        }

        RequireQemuReads(path, model);
    }

    [Fact]
    public void We_write_to_the_child_that_Windows_made()
    {
        string child = Corpora.Open("vhdx/dfvfs-ntfs-differential.vhdx.gz", _folder);
        File.Move(Corpora.Open("vhdx/dfvfs-ntfs-parent.vhdx.gz", _folder), _folder.File("ntfs-parent.vhdx"));
        byte[] model;
        using (VhdxDisk disk = VhdxTestDisk.OpenForWriting(child))
        {
            model = VhdxTestDisk.Read(disk, 0, (int)disk.Length);
            Scribble(disk, model, 8);
        }

        RequireIndependentReaderReads(child, model);
        RequireLibvhdiReads(model, child, _folder.File("ntfs-parent.vhdx"));
    }

    [Theory]
    [InlineData("data", 3)]
    [InlineData("data", 100)]
    [InlineData("bat", 0)]
    [InlineData("torn", 0)]
    public void A_pending_log_is_replayed_as_qemu_img_replays_it(string what, int count)
    {
        Judges.Require("qemu-img");
        string maker = Judges.Oracle("mklog.py");
        string clean = _folder.File("clean.vhdx");
        string pending = _folder.File("pending.vhdx");
        VhdxTestDisk.MakeDynamic(clean, Length, 3);
        string[] arguments = [maker, clean, pending, what, .. (string[])(count > 0 ? [count.ToString(CultureInfo.InvariantCulture)] : [])];
        (int code, string output) = Judges.Run(Judges.Python, arguments);
        Assert.True(code == 0, output);
        string ours = _folder.File("ours.vhdx");
        File.Copy(pending, ours);
        string inMemory;
        using (VhdxDisk disk = VhdxTestDisk.OpenForReading(pending))
        {
            Assert.True(disk.Chain[0].HadPendingLog);
            inMemory = VhdxTestDisk.Hash(disk);
        }

        VhdxTestDisk.OpenForWriting(ours).Dispose();
        using (VhdxDisk disk = VhdxTestDisk.OpenForReading(ours))
        {
            Assert.False(disk.Chain[0].HadPendingLog);
            Assert.Equal(inMemory, VhdxTestDisk.Hash(disk));
        }

        Assert.Contains(inMemory, Judges.Run(Judges.Python, Judges.Oracle("vhdx_read.py"), "sha256", pending).Output, StringComparison.Ordinal);
        Assert.Equal(0, Judges.Run("qemu-img", "check", ours).ExitCode);
        Judges.Run("qemu-img", "check", "-r", "all", pending);
        Assert.Equal(0, Judges.Run("qemu-img", "compare", pending, ours).ExitCode);
    }

    [Theory]
    [InlineData("zero")]
    [InlineData("unmapped")]
    [InlineData("not-present")]
    public void A_block_without_data_is_read_and_written_as_the_judge_reads_it(string state)
    {
        Judges.Require(Judges.Python);
        string parent = _folder.File("parent.vhdx");
        string child = _folder.File("child.vhdx");
        VhdxTestDisk.MakeDynamic(parent, Length, 4);
        using (VhdxDisk disk = VhdxDisk.CreateDifferencing(child, parent, VhdxTestDisk.CreateOptions()))
        {
            disk.WriteAt(3 * Mebibyte, VhdxTestDisk.Bytes(5000 * 512, 5));
            disk.Complete();
        }

        Assert.Equal(0, Judges.Run(Judges.Python, Judges.Oracle("mkzero.py"), child, "1", state).ExitCode);
        byte[] model;
        using (VhdxDisk disk = VhdxTestDisk.OpenForWriting(child))
        {
            model = VhdxTestDisk.Read(disk, 0, Length);
            RequireIndependentReaderReads(child, model);
            byte[] bytes = VhdxTestDisk.Bytes(1024, 6);
            bytes.CopyTo(model, (2 * Mebibyte) + 8192);
            disk.WriteAt((2 * Mebibyte) + 8192, bytes);
        }

        RequireIndependentReaderReads(child, model);
    }

    private static void Scribble(VhdxDisk disk, byte[] model, int seed)
    {
        var random = new Random(seed);
        for (int step = 0; step < 25; step++)
        {
            int count = 512 * (1 + random.Next(random.Next(4) == 0 ? 6000 : 30));
            count = Math.Min(count, model.Length / 2);
            int offset = random.Next((model.Length - count) / 512) * 512;
            byte[] bytes = VhdxTestDisk.Bytes(count, (seed * 100) + step);
            bytes.CopyTo(model, offset);
            disk.WriteAt(offset, bytes);
            if (random.Next(6) == 0)
            {
                disk.Flush();
            }
        }
    }

    private static string HashOf(byte[] model) =>
        Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(model)).ToLowerInvariant();

    private static void RequireIndependentReaderReads(string path, byte[] model) =>
        Assert.Equal($"{model.Length} {HashOf(model)}", Judges.Run(Judges.Python, Judges.Oracle("vhdx_read.py"), "sha256", path).Output.Trim());

    private static void RequireLibvhdiReads(byte[] model, string path, string parent)
    {
        (int code, string output) = Judges.Run(Judges.Python, Judges.Oracle("vhdx_oracle.py"), path, parent);
        Judges.Require(!output.Contains("No module named", StringComparison.Ordinal), "The package python3-libvhdi is not installed.");
        Assert.True(code == 0, output);
        Assert.EndsWith(HashOf(model), output.Trim(), StringComparison.Ordinal);
    }

    private void RequireQemuReads(string path, byte[] model)
    {
        (int code, string output) = Judges.Run("qemu-img", "check", path);
        Assert.True(code == 0, output);
        Assert.Contains("No errors were found", output, StringComparison.Ordinal);
        string raw = _folder.File("model.raw");
        File.WriteAllBytes(raw, model);
        (code, output) = Judges.Run("qemu-img", "compare", "-f", "raw", "-F", "vhdx", raw, path);
        Assert.True(code == 0, output);
    }
}
