using VmUpdate.DiskFormats.Vhdx;
using VmUpdate.DiskFormats.Vhdx.Parents;
using VmUpdate.Simulation.Files;
using Xunit;

namespace VmUpdate.DiskFormats.Tests.Vhdx;

/// <summary>How a child's parent is found, matched and shared.</summary>
public sealed class ParentTests
{
    private const string Child = "/disks/sub/child.vhdx";

    [Fact]
    public void A_child_finds_its_parent_by_the_relative_path_after_both_were_moved()
    {
        CrashFileSystem files = MakeChild();
        var moved = new CrashFileSystem();
        moved.Add("/elsewhere/disk.vhdx", files.ReadAll(VhdxImage.Path));
        moved.Add("/elsewhere/sub/child.vhdx", files.ReadAll(Child));
        using VhdxDisk disk = VhdxTestDisk.OpenForReading("/elsewhere/sub/child.vhdx", moved);
        Assert.Equal("/elsewhere/disk.vhdx", disk.Chain[1].Path);
    }

    [Fact]
    public void The_parent_that_the_caller_names_is_tried_first()
    {
        CrashFileSystem files = MakeChild();
        files.Add("/other/copy.vhdx", files.ReadAll(VhdxImage.Path));
        using VhdxDisk disk = Open(files, "/other/copy.vhdx");
        Assert.Equal("/other/copy.vhdx", disk.Chain[1].Path);
    }

    [Fact]
    public void A_wrong_name_given_by_the_caller_does_not_hide_the_right_parent()
    {
        CrashFileSystem files = MakeChild();
        files.Add("/other/text.vhdx", "this is no disk"u8);
        using VhdxDisk disk = Open(files, "/other/text.vhdx");
        Assert.Equal(VhdxImage.Path, disk.Chain[1].Path);
    }

    [Fact]
    public void A_parent_that_is_not_there_is_reported_with_every_place_that_was_tried()
    {
        CrashFileSystem files = VhdxImage.Dynamic().ToFiles();
        files.CreateFolder("/disks/sub", false);
        var options = new VhdxCreateOptions { Files = files, NewGuid = VhdxTestDisk.NextGuid, ParentWindowsPath = @"D:\masters\disk.vhdx" };
        VhdxDisk.CreateDifferencing(Child, VhdxImage.Path, options).CompleteAndDispose();
        files.OpenFolder("/disks").Delete("disk.vhdx");
        files.Add("/other/text.vhdx", "this is no disk"u8);
        DiskFormatException failure = Assert.Throws<DiskFormatException>(() => Open(files, "/other/absent.vhdx"));
        Assert.Equal(DiskFormatDefect.ParentNotFound, failure.Defect);
        Assert.Equal(Child, failure.Subject);
        foreach (string part in (string[])["/other/absent.vhdx", "relative_path '/disks/sub/../disk.vhdx'", @"absolute_win32_path 'D:\masters\disk.vhdx': a path of Windows"])
        {
            Assert.Contains(part, failure.Message, StringComparison.Ordinal);
        }

        failure = Assert.Throws<DiskFormatException>(() => Open(files, "/other/text.vhdx"));
        Assert.Equal(DiskFormatDefect.ParentMismatch, failure.Defect);
        Assert.Contains("'vhdxfile'", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_disk_in_the_parents_place_is_refused_before_it_is_believed()
    {
        CrashFileSystem files = MakeChild();
        VhdxImage other = VhdxImage.Of(files, VhdxImage.Path);
        other.ChangeHeader(header => header with { DataWriteGuid = Guid.NewGuid() });
        other.Bytes.AsSpan(192 * 1024, 128 * 1024).Clear();
        files.Add(VhdxImage.Path, other.Bytes);
        DiskFormatException failure = Assert.Throws<DiskFormatException>(() => Open(files));
        Assert.Equal(DiskFormatDefect.ParentMismatch, failure.Defect);
        Assert.Contains("another disk, or was written to since", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_defect_of_the_right_parent_is_the_parents_own()
    {
        CrashFileSystem files = MakeChild();
        VhdxImage parent = VhdxImage.Of(files, VhdxImage.Path);
        parent.Bytes.AsSpan(192 * 1024, 128 * 1024).Clear();
        files.Add(VhdxImage.Path, parent.Bytes);
        DiskFormatException failure = Assert.Throws<DiskFormatException>(() => Open(files));
        Assert.Equal(DiskFormatDefect.WrongSignature, failure.Defect);
        Assert.Equal(VhdxImage.Path, failure.Subject);
    }

    [Fact]
    public void A_parent_of_another_size_is_refused()
    {
        CrashFileSystem files = MakeChild();
        VhdxImage child = VhdxImage.Of(files, Child);
        child.Bytes[VhdxImage.MetadataOffset + 65536 + 8 + 2] -= 16;
        files.Add(Child, child.Bytes);
        DiskFormatException failure = Assert.Throws<DiskFormatException>(() => Open(files));
        Assert.Equal(DiskFormatDefect.ParentMismatch, failure.Defect);
        Assert.Contains("in sectors of", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_chain_that_leads_back_to_itself_is_refused()
    {
        CrashFileSystem files = MakeChild();

        // The child names a DataWriteGuid and a path: both may be its own.
        VhdxImage child = VhdxImage.Of(files, Child);
        VhdxHeader parent = VhdxImage.Of(files, VhdxImage.Path).ReadHeader();
        child.ChangeHeader(header => header with { DataWriteGuid = parent.DataWriteGuid });
        files.Add(VhdxImage.Path, child.Bytes);
        files.OpenFolder("/disks").Delete("disk.vhdx");
        files.Add("/disks/sub/../disk.vhdx", child.Bytes);
        files.Add("/disk.vhdx", child.Bytes);
        DiskFormatException failure = Assert.Throws<DiskFormatException>(
            () => VhdxDisk.Open("/disks/disk.vhdx", new VhdxOpenOptions { Files = files, ParentPaths = ["/disks/sub/../disk.vhdx"] }));
        Assert.Equal(DiskFormatDefect.ParentLoop, failure.Defect);
    }

    [Fact]
    public void A_chain_of_64_is_read_and_one_of_65_is_not_made()
    {
        CrashFileSystem files = VhdxImage.Dynamic().ToFiles();
        string last = VhdxImage.Path;
        using var parents = new ParentCache();
        for (int depth = 2; depth <= 64; depth++)
        {
            string next = $"/disks/{depth}.vhdx";
            VhdxDisk.CreateDifferencing(next, last, VhdxTestDisk.CreateOptions(files, parents)).CompleteAndDispose();
            last = next;
        }

        using (VhdxDisk disk = VhdxTestDisk.OpenForReading(last, files))
        {
            Assert.Equal(64, disk.Chain.Count);
            Assert.Equal(VhdxTestDisk.Bytes(4096, 1), VhdxTestDisk.Read(disk, 0, 4096));
        }

        DiskFormatException failure = Assert.Throws<DiskFormatException>(
            () => VhdxDisk.CreateDifferencing("/disks/65.vhdx", last, VhdxTestDisk.CreateOptions(files)));
        Assert.Equal(DiskFormatDefect.ParentLoop, failure.Defect);
        Assert.False(files.OpenFolder("/disks").Exists("65.vhdx"));
    }

    [Fact]
    public void A_cache_opens_each_parent_once_for_all_children()
    {
        CrashFileSystem inner = MakeChild();
        var files = new CountingFileSystem(inner);
        using var parents = new ParentCache();
        VhdxDisk[] disks = [.. Enumerable.Range(0, 8).Select(number => VhdxDisk.CreateDifferencing($"/disks/c{number}.vhdx", Child, VhdxTestDisk.CreateOptions(files, parents)))];
        Assert.Equal(2, files.Operations.Count(operation => operation.Kind == FileOperationKind.Open));
        Assert.Equal(2, parents.OpenCount);
        files.Reset();
        Parallel.ForEach(disks, disk =>
        {
            for (int offset = 0; offset < 65536; offset += 1024)
            {
                disk.ReadAt(offset, new byte[1024]);
            }
        });

        // 64 KiB are wanted by each of eight; together they come from the host about once.
        Assert.InRange(files.BytesRead, 65536, 2 * 65536);
        foreach (VhdxDisk disk in disks)
        {
            disk.Dispose();
        }

        Assert.Throws<HostFileException>(() => VhdxTestDisk.OpenForWriting(VhdxImage.Path, inner));
        parents.Dispose();
        Assert.Equal(0, parents.OpenCount);
        VhdxTestDisk.OpenForWriting(VhdxImage.Path, inner).Dispose();
    }

    [Fact]
    public void A_cache_that_is_gone_closes_a_parent_with_its_last_child()
    {
        CrashFileSystem files = MakeChild();
        var parents = new ParentCache();
        VhdxDisk disk = VhdxTestDisk.OpenForReading(Child, files, parents);
        parents.Dispose();
        Assert.Equal(VhdxTestDisk.Bytes(4096, 1), VhdxTestDisk.Read(disk, 0, 4096));
        disk.Dispose();
        VhdxTestDisk.OpenForWriting(VhdxImage.Path, files).Dispose();
        Assert.Throws<ObjectDisposedException>(() => VhdxTestDisk.OpenForReading(Child, files, parents));
    }

    [Fact]
    public void A_failed_open_holds_no_file()
    {
        CrashFileSystem files = MakeChild();
        files.OpenFolder("/disks").Rename("disk.vhdx", "away.vhdx");
        Assert.Throws<DiskFormatException>(() => VhdxTestDisk.OpenForWriting(Child, files));
        files.OpenFolder("/disks").Rename("away.vhdx", "disk.vhdx");
        VhdxTestDisk.OpenForWriting(Child, files).Dispose();
        VhdxTestDisk.OpenForWriting(VhdxImage.Path, files).Dispose();
    }

    [Fact]
    public void A_leaf_with_a_pending_log_is_not_changed_when_its_parent_is_missing()
    {
        CrashFileSystem files = MakeChild();
        VhdxImage child = VhdxImage.Of(files, Child);
        Guid log = Guid.NewGuid();
        child.PutLog(0, child.Entry(log, 1, 0, 8 * VhdxTestDisk.Mebibyte, 1));
        child.ChangeHeader(header => header with { LogGuid = log });
        files.Add(Child, child.Bytes);
        files.OpenFolder("/disks").Delete("disk.vhdx");
        Assert.Throws<DiskFormatException>(() => VhdxTestDisk.OpenForWriting(Child, files));
        Assert.Equal(child.Bytes, files.ReadAll(Child));
    }

    [Theory]
    [InlineData("/a/b/child.vhdx", "/a/b/p.vhdx", @".\p.vhdx")]
    [InlineData("/a/b/child.vhdx", "/a/p.vhdx", @"..\p.vhdx")]
    [InlineData("/a/b/child.vhdx", "/a/c/d/p.vhdx", @"..\c\d\p.vhdx")]
    [InlineData("/child.vhdx", "/c/p.vhdx", @".\c\p.vhdx")]
    public void The_relative_path_has_Windows_separators(string child, string parent, string expected) =>
        Assert.Equal(expected, new ParentPlaces(onWindows: false, []).RelativeFrom(child, parent));

    [Theory]
    [InlineData(@"C:\a\child.vhdx", @"c:\A\p.vhdx", @".\p.vhdx")]
    [InlineData(@"C:\a\child.vhdx", @"D:\a\p.vhdx", null)]
    public void Another_drive_has_no_relative_path(string child, string parent, string? expected) =>
        Assert.Equal(expected, new ParentPlaces(onWindows: true, []).RelativeFrom(child, parent));

    [Theory]
    [InlineData(@"C:\vm\c.vhdx", @"C:\masters\p.vhdx", true)]
    [InlineData(@"C:\vm\c.vhdx", @"\\server\share\p.vhdx", false)]
    [InlineData(@"\\server\share\vm\c.vhdx", @"\\SERVER\share\p.vhdx", true)]
    [InlineData(@"\\server\share\vm\c.vhdx", @"\\server\other\p.vhdx", false)]
    [InlineData(@"\\server\share\vm\c.vhdx", @"\\server2\share\p.vhdx", false)]
    [InlineData(@"C:\vm\c.vhdx", @"\\allowed\share\masters\p.vhdx", true)]
    [InlineData(@"C:\vm\c.vhdx", @"\\allowed\share\masters\..\..\other\p.vhdx", false)]
    [InlineData(@"C:\vm\c.vhdx", @"\\allowed\share\masters2\p.vhdx", false)]
    [InlineData(@"C:\vm\c.vhdx", @"\\.\PhysicalDrive0", false)]
    [InlineData(@"C:\vm\c.vhdx", @"\\?\GLOBALROOT\Device\x", false)]
    [InlineData(@"C:\vm\c.vhdx", @"\\?\UNC\server\share\p.vhdx", false)]
    [InlineData(@"C:\vm\c.vhdx", @"\\?\Volume{11111111-2222-3333-4444-555555555555}\p.vhdx", true)]
    [InlineData(@"C:\vm\c.vhdx", @"\\?\C:\p.vhdx", true)]
    [InlineData(@"C:\vm\c.vhdx", @"p.vhdx", false)]
    public void On_Windows_a_child_never_leads_to_another_computer_or_a_device(string child, string parent, bool allowed)
    {
        var places = new ParentPlaces(onWindows: true, [@"\\allowed\share\masters"]);
        ParentCandidate candidate = Assert.Single(places.Candidates(child, ParentLocator.Create(Guid.NewGuid(), null, parent), null));
        Assert.Equal(allowed, candidate.Refusal is null);
    }

    [Theory]
    [InlineData(@"..\..\dev\zero", false)]
    [InlineData(@"..\..\proc\self\mem", false)]
    [InlineData(@"..\x\p.vhdx", true)]
    [InlineData(@"\p.vhdx", false)]
    [InlineData(@"C:p.vhdx", false)]
    public void On_Linux_a_child_never_leads_to_a_device(string relative, bool allowed)
    {
        var places = new ParentPlaces(onWindows: false, []);
        ParentCandidate candidate = Assert.Single(places.Candidates("/a/b/c.vhdx", ParentLocator.Create(Guid.NewGuid(), relative, null), null));
        Assert.Equal(allowed, candidate.Refusal is null);
    }

    [Fact]
    public void The_locator_is_written_as_Windows_writes_it()
    {
        CrashFileSystem files = MakeChild();
        string text = System.Text.Encoding.Unicode.GetString(VhdxImage.Of(files, Child).Bytes, VhdxImage.MetadataOffset + 65536, 4096);
        Guid parent = VhdxImage.Of(files, VhdxImage.Path).ReadHeader().DataWriteGuid;
        Assert.Contains("parent_linkage" + parent.ToString("B").ToLowerInvariant(), text, StringComparison.Ordinal);
        Assert.Contains(@"relative_path..\disk.vhdx", text, StringComparison.Ordinal);
        Assert.DoesNotContain("absolute_win32_path", text, StringComparison.Ordinal);
    }

    private static CrashFileSystem MakeChild()
    {
        CrashFileSystem files = VhdxImage.Dynamic().ToFiles();
        files.CreateFolder("/disks/sub", false);
        VhdxDisk.CreateDifferencing(Child, VhdxImage.Path, VhdxTestDisk.CreateOptions(files)).CompleteAndDispose();
        return files;
    }

    private static VhdxDisk Open(CrashFileSystem files, params string[] parents) =>
        VhdxDisk.Open(Child, new VhdxOpenOptions { Files = files, ParentPaths = parents });
}
