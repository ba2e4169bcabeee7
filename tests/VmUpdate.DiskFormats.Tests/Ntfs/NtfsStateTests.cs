using System.Buffers.Binary;
using VmUpdate.DiskFormats.Ntfs;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.DiskFormats.Tests.Ntfs;

public class NtfsStateTests
{
    [Fact]
    public void A_dirty_volume_is_read_but_not_written()
    {
        var device = Make();
        Change(device, WellKnownRecord.Volume, AttributeType.VolumeInformation, value => value[10] = 1);
        using (var volume = NtfsVolume.Open(device, new NtfsOpenOptions()))
        {
            Assert.Equal(NtfsServiceState.Dirty, volume.ServiceState);
            Assert.Equal([1, 2, 3], NtfsFaultTests.ReadFile(volume, "file"));
        }

        var refused = Assert.Throws<DiskFormatException>(() => NtfsFaultTests.OpenForWriting(device));
        Assert.Equal(DiskFormatDefect.VolumeDirty, refused.Defect);
        Assert.Contains("chkdsk", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HIBR", true)]
    [InlineData("hibr", true)]
    [InlineData("RSTR", true)]
    [InlineData("WAKE", false)]
    [InlineData("\0\0\0\0", false)]
    public void A_hibernated_volume_is_refused_with_its_remedy(string signature, bool isRefused)
    {
        var device = Make();
        using (var volume = NtfsFaultTests.OpenForWriting(device))
        {
            NtfsFaultTests.WriteFile(volume, "hiberfil.sys", [.. signature.Select(c => (byte)c), .. new byte[9000]]);
            volume.Flush();
        }

        if (isRefused)
        {
            var refused = Assert.Throws<DiskFormatException>(() => NtfsVolume.Open(device, new NtfsOpenOptions()));
            Assert.Equal(DiskFormatDefect.Hibernated, refused.Defect);
            Assert.Contains("powercfg /h off", refused.Message, StringComparison.Ordinal);
        }
        else
        {
            NtfsVolume.Open(device, new NtfsOpenOptions()).Dispose();
        }
    }

    [Theory]
    [InlineData(0xFFFF, 0, true)] // no client in use
    [InlineData(0, 2, true)] // Windows lists its client, and says clean
    [InlineData(0, 0, false)]
    public void The_newer_restart_page_says_whether_the_journal_is_clean(int clientInUse, int flags, bool isClean)
    {
        var device = Make();
        WriteRestartPages(device, (10, 0xFFFF, 2), (20, clientInUse, flags));
        Check(device, isClean);
        WriteRestartPages(device, (20, clientInUse, flags), (10, 0, 0));
        Check(device, isClean);
    }

    [Fact]
    public void A_torn_restart_page_leaves_the_word_to_the_other()
    {
        var device = Make();
        long torn = WriteRestartPages(device, (10, 0xFFFF, 2), (20, 0, 0));
        byte[] sector = new byte[512];
        device.ReadAt(torn + 512, sector);
        sector[510] ^= 0x55;
        device.WriteAt(torn + 512, sector);
        Check(device, isClean: true);
    }

    [Fact]
    public void A_clean_journal_is_left_untouched_byte_for_byte()
    {
        var device = SparseMemoryDevice.FromGzip(Corpora.PathOf("ntfs/dfvfs-vss.raw.gz"));
        byte[] before = NtfsFaultTests.ReadFile(NtfsVolume.Open(device, new NtfsOpenOptions()), "$LogFile");
        using (var volume = NtfsFaultTests.OpenForWriting(device))
        {
            NtfsFaultTests.WriteFile(volume, "new", new byte[100_000]);
            volume.Flush();
        }

        Assert.Equal(before, NtfsFaultTests.ReadFile(NtfsVolume.Open(device, new NtfsOpenOptions()), "$LogFile"));
    }

    [Fact]
    public void A_volume_with_shadow_copies_says_so()
    {
        var device = SparseMemoryDevice.FromGzip(Corpora.PathOf("ntfs/dfvfs-vss.raw.gz"));
        Assert.True(NtfsVolume.Open(device, new NtfsOpenOptions()).HasSnapshots);
    }

    [Fact]
    public void BitLocker_is_told_apart_and_refused_with_its_remedy()
    {
        var device = Make();
        byte[] sector = new byte[512];
        device.ReadAt(0, sector);
        "-FVE-FS-"u8.CopyTo(sector.AsSpan(3));
        device.WriteAt(0, sector);
        Assert.Equal(NtfsProbe.BitLocker, NtfsVolume.Probe(device));
        var refused = Assert.Throws<DiskFormatException>(() => NtfsVolume.Open(device, new NtfsOpenOptions()));
        Assert.Equal(DiskFormatDefect.BitLocker, refused.Defect);
        Assert.Contains("manage-bde -off", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 0)]
    [InlineData(3, 2)]
    public void Other_versions_than_3_0_and_3_1_are_refused(byte major, byte minor)
    {
        var device = Make();
        Change(device, WellKnownRecord.Volume, AttributeType.VolumeInformation, value => (value[8], value[9]) = (major, minor));
        var refused = Assert.Throws<DiskFormatException>(() => NtfsVolume.Open(device, new NtfsOpenOptions()));
        Assert.Equal(DiskFormatDefect.UnsupportedVersion, refused.Defect);
    }

    [Fact]
    public void A_WOF_packed_file_is_refused_never_read_as_zeros()
    {
        var device = Make();
        byte[] reparse = new byte[24];
        BinaryPrimitives.WriteUInt32LittleEndian(reparse, NtfsReparseTag.Wof);
        BinaryPrimitives.WriteUInt16LittleEndian(reparse.AsSpan(4), 16);
        using (var volume = NtfsFaultTests.OpenForWriting(device))
        {
            FileRecord file = volume.Files.Get(volume.Find(GuestPath.Parse("file"))!.RecordNumber);
            file.Attributes.Add(new NtfsAttribute(AttributeType.ReparsePoint, string.Empty) { Value = reparse });
            volume.Files.MarkDirty(file);
            volume.Flush();
        }

        using var opened = NtfsVolume.Open(device, new NtfsOpenOptions());
        Assert.Equal(NtfsReparseTag.Wof, opened.Find(GuestPath.Parse("file"))!.ReparseTag);
        Assert.Equal(DiskFormatDefect.NotSupported, Assert.Throws<DiskFormatException>(() => opened.OpenStream(GuestPath.Parse("file"))).Defect);
        Assert.Equal(reparse, opened.GetReparsePoint(GuestPath.Parse("file")));
    }

    private static SparseMemoryDevice Make()
    {
        var device = NtfsFormatterTests.Format(16L << 20);
        using var volume = NtfsFaultTests.OpenForWriting(device);
        NtfsFaultTests.WriteFile(volume, "file", [1, 2, 3]);
        volume.Flush();
        return device;
    }

    private static void Change(SparseMemoryDevice device, long record, AttributeType type, Action<byte[]> change)
    {
        using var volume = NtfsFaultTests.OpenForWriting(device);
        FileRecord file = volume.Files.Get(record);
        change(file.Require(type).Value!);
        volume.Files.MarkDirty(file);
        volume.Flush();
    }

    private static void Check(SparseMemoryDevice device, bool isClean)
    {
        if (isClean)
        {
            NtfsFaultTests.OpenForWriting(device).Dispose();
            return;
        }

        foreach (bool writable in new[] { false, true })
        {
            var refused = Assert.Throws<DiskFormatException>(
                () => NtfsVolume.Open(device, new NtfsOpenOptions { Writable = writable, UtcNow = () => default }));
            Assert.Equal(DiskFormatDefect.JournalNotClean, refused.Defect);
            Assert.Contains("shut it down", refused.Message, StringComparison.Ordinal);
        }
    }

    private static long WriteRestartPages(SparseMemoryDevice device, params (long Lsn, int Client, int Flags)[] pages)
    {
        using var volume = NtfsVolume.Open(device, new NtfsOpenOptions { IgnoreJournal = true });
        long place = volume.Files.Get(WellKnownRecord.LogFile).Require(AttributeType.Data).Runs![0].Lcn * volume.ClusterSize;
        for (int i = 0; i < pages.Length; i++)
        {
            byte[] page = new byte[4096];
            "RSTR"u8.CopyTo(page);
            BinaryPrimitives.WriteUInt16LittleEndian(page.AsSpan(4), 30);
            BinaryPrimitives.WriteUInt16LittleEndian(page.AsSpan(6), 9);
            BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(16), 4096);
            BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(20), 4096);
            BinaryPrimitives.WriteUInt16LittleEndian(page.AsSpan(24), 48);
            BinaryPrimitives.WriteInt64LittleEndian(page.AsSpan(48), pages[i].Lsn);
            BinaryPrimitives.WriteUInt16LittleEndian(page.AsSpan(60), (ushort)pages[i].Client);
            BinaryPrimitives.WriteUInt16LittleEndian(page.AsSpan(62), (ushort)pages[i].Flags);
            UpdateSequence.Protect(page);
            device.WriteAt(place + (i * 4096), page);
        }

        return place + 4096;
    }
}
