using System.Runtime.InteropServices;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.DiskFormats.Tests.Blocks;

public sealed class HostFileTests : IDisposable
{
    private readonly TempFolder _temp = new();
    private readonly IHostFolder _folder;

    public HostFileTests() => _folder = new HostFileSystem().OpenFolder(_temp.Path);

    public void Dispose() => _temp.Dispose();

    [Fact]
    public void What_is_written_at_a_position_is_read_there()
    {
        using IBlockFile file = _folder.Create("a");
        file.WriteAt(5000, "there"u8);
        Assert.Equal(5005, file.Length);
        byte[] bytes = new byte[7];
        file.ReadAt(4998, bytes);
        Assert.Equal("\0\0there"u8.ToArray(), bytes);
        file.Flush();
    }

    [Fact]
    public void A_longer_file_is_zero_where_it_grew_and_takes_no_room_there()
    {
        using IBlockFile file = _folder.Create("a");
        file.WriteAt(0, "x"u8);
        file.SetLength(1L << 32);
        byte[] bytes = new byte[16];
        file.ReadAt((1L << 32) - 16, bytes);
        Assert.Equal(new byte[16], bytes);
        Assert.Equal(1L << 32, new FileInfo(_temp.File("a")).Length);
    }

    [Fact]
    public void Reading_behind_the_end_is_a_truncated_file()
    {
        using IBlockFile file = _folder.Create("a");
        file.SetLength(10);
        DiskFormatException failure = Assert.Throws<DiskFormatException>(() => file.ReadAt(8, new byte[3]));
        Assert.Equal(DiskFormatDefect.Truncated, failure.Defect);
        Assert.Equal(_temp.File("a"), failure.Subject);
    }

    [Fact]
    public void Many_threads_read_at_once()
    {
        using (IBlockFile file = _folder.Create("a"))
        {
            byte[] all = new byte[1 << 20];
            new Random(1).NextBytes(all);
            file.WriteAt(0, all);
        }

        byte[] expected = File.ReadAllBytes(_temp.File("a"));
        using IBlockFile read = _folder.Open("a", HostFileMode.Read);
        Parallel.For(0, 64, number =>
        {
            var random = new Random(number);
            for (int round = 0; round < 50; round++)
            {
                int count = random.Next(1, 9000);
                int offset = random.Next(expected.Length - count);
                byte[] bytes = new byte[count];
                read.ReadAt(offset, bytes);
                Assert.True(expected.AsSpan(offset, count).SequenceEqual(bytes));
            }
        });
    }

    [Fact]
    public void A_writer_is_alone()
    {
        using IBlockFile writer = _folder.Create("a");
        RequireFailure(HostFileFailure.InUse, () => _folder.Open("a", HostFileMode.Read));
        RequireFailure(HostFileFailure.InUse, () => _folder.Open("a", HostFileMode.ReadWrite));
    }

    [Fact]
    public void Readers_are_many_and_keep_writers_out()
    {
        _folder.Create("a").Dispose();
        using (IBlockFile first = _folder.Open("a", HostFileMode.Read))
        using (IBlockFile second = _folder.Open("a", HostFileMode.Read))
        {
            Assert.Equal(((IIdentifiedFile)first).Identity, ((IIdentifiedFile)second).Identity);
            RequireFailure(HostFileFailure.InUse, () => _folder.Open("a", HostFileMode.ReadWrite));
        }

        _folder.Open("a", HostFileMode.ReadWrite).Dispose();
    }

    [Fact]
    public void A_file_that_NET_holds_is_in_use()
    {
        using (var stream = new FileStream(_temp.File("a"), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None))
        {
            RequireFailure(HostFileFailure.InUse, () => _folder.Open("a", HostFileMode.Read));
        }

        using IBlockFile ours = _folder.Open("a", HostFileMode.ReadWrite);
        Assert.ThrowsAny<IOException>(() => File.OpenRead(_temp.File("a")).Dispose());
    }

    [Fact]
    public void Every_failure_has_its_cause_and_its_path()
    {
        HostFileException failure = RequireFailure(HostFileFailure.NotFound, () => _folder.Open("absent", HostFileMode.Read));
        Assert.Equal(_temp.File("absent"), failure.Subject);
        Assert.Equal("HostFileNotFound", failure.Code);
        _folder.Create("there").Dispose();
        RequireFailure(HostFileFailure.AlreadyExists, () => _folder.Create("there"));
        RequireFailure(HostFileFailure.NotFound, () => new HostFileSystem().OpenFolder(_temp.File("absent")));
        RequireFailure(HostFileFailure.NotFound, () => _folder.Rename("absent", "other"));
        using IBlockFile read = _folder.Open("there", HostFileMode.Read);
        RequireFailure(HostFileFailure.AccessDenied, () => read.WriteAt(0, [1]));
        RequireFailure(HostFileFailure.AccessDenied, () => read.SetLength(1));
    }

    [Theory]
    [InlineData("../a")]
    [InlineData("..")]
    [InlineData("")]
    [InlineData("a/b")]
    [InlineData("a\0b")]
    public void A_name_never_leads_out_of_its_folder(string name) =>
        RequireFailure(HostFileFailure.NotFound, () => _folder.Open(name, HostFileMode.Read));

    [Fact]
    public void A_full_volume_is_called_full()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "There is no /dev/full.");
        Exception failure = Assert.ThrowsAny<IOException>(() => File.WriteAllText("/dev/full", "x"));
        Assert.Equal(HostFileFailure.DiskFull, HostFileErrors.Translate(failure, "/dev/full", "writing").Failure);
        Assert.Equal(HostFileFailure.DiskFull, HostFileErrors.FromErrno(28, "a", "writing").Failure);
    }

    [Fact]
    public void A_device_a_pipe_and_a_folder_are_not_files()
    {
        Assert.SkipUnless(RuntimeInformation.IsOSPlatform(OSPlatform.Linux), "Devices and pipes with names are Linux's.");
        RequireFailure(HostFileFailure.AccessDenied, () => new HostFileSystem().OpenFolder("/dev").Open("zero", HostFileMode.Read));
        Directory.CreateDirectory(_temp.File("folder"));
        RequireFailure(HostFileFailure.AccessDenied, () => _folder.Open("folder", HostFileMode.Read));
        Judges.Require("mkfifo");
        Assert.Equal(0, Judges.Run("mkfifo", _temp.File("pipe")).ExitCode);
        RequireFailure(HostFileFailure.AccessDenied, () => _folder.Open("pipe", HostFileMode.Read));
    }

    [Fact]
    public void A_rename_replaces_and_a_deletion_of_nothing_is_nothing()
    {
        using (IBlockFile file = _folder.Create("new"))
        {
            file.WriteAt(0, "new"u8);
        }

        _folder.Create("old").Dispose();
        _folder.Rename("new", "old");
        _folder.Flush();
        Assert.Equal(["old"], _folder.Enumerate());
        Assert.Equal("new", File.ReadAllText(_temp.File("old")));
        _folder.Delete("old");
        _folder.Delete("old");
        Assert.False(_folder.Exists("old"));
        Assert.True(_folder.FreeBytes > 0);
    }

    [Fact]
    public void A_folder_for_its_owner_only_is_made_so_and_refused_when_it_is_wider()
    {
        Assert.SkipUnless(RuntimeInformation.IsOSPlatform(OSPlatform.Linux), "The mode bits are Linux's.");
        string path = _temp.File("above/own");
        new HostFileSystem().CreateFolder(path, ownerOnly: true);
#pragma warning disable CA1416 // Skipped above where it does not exist.
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(path));
        new HostFileSystem().CreateFolder(path, ownerOnly: true);
        File.SetUnixFileMode(path, File.GetUnixFileMode(path) | UnixFileMode.GroupRead);
#pragma warning restore CA1416
        HostFileException failure = RequireFailure(HostFileFailure.AccessDenied, () => new HostFileSystem().CreateFolder(path, ownerOnly: true));
        Assert.Contains("740", failure.Message, StringComparison.Ordinal);
    }

    private static HostFileException RequireFailure(HostFileFailure expected, Action work)
    {
        HostFileException failure = Assert.Throws<HostFileException>(work);
        Assert.Equal(expected, failure.Failure);
        return failure;
    }
}
