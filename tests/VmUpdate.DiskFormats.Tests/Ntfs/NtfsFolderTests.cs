using VmUpdate.DiskFormats.Ntfs;
using Xunit;

namespace VmUpdate.DiskFormats.Tests.Ntfs;

public class NtfsFolderTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_large_folder_stays_in_order_while_names_come_and_go(int seed)
    {
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var device = NtfsFormatterTests.Format(64L << 20);
        var names = new SortedSet<string>(StringComparer.OrdinalIgnoreCase);
        using var volume = NtfsFaultTests.OpenForWriting(device);
        GuestPath folder = GuestPath.Parse("folder");
        volume.Create(folder, new NtfsCreateProperties { IsDirectory = true });
        for (int round = 0; round < 4; round++)
        {
            for (int i = 0; i < 1200; i++)
            {
                string name = new string((char)('a' + random.Next(26)), 1 + random.Next(120)) + random.Next();
                if (names.Add(name))
                {
                    volume.Create(folder.Append(name), new NtfsCreateProperties());
                }
            }

            foreach (string name in names.OrderBy(_ => random.Next()).Take(round == 3 ? names.Count : 1100).ToArray())
            {
                volume.Delete(folder.Append(name.ToUpperInvariant()));
                names.Remove(name);
            }

            volume.Flush();
            using var opened = NtfsVolume.Open(device, new NtfsOpenOptions());
            Assert.Equal(names, opened.Enumerate(folder).Select(e => e.Path.Name));
        }

        // An empty folder has given its nodes back.
        FileRecord record = volume.Files.Get(volume.Find(folder)!.RecordNumber);
        Assert.Null(record.Find(AttributeType.IndexAllocation, "$I30"));
        volume.Delete(folder);
    }

    [Fact]
    public void The_exact_name_wins_over_one_that_differs_by_case()
    {
        var device = NtfsFormatterTests.Format(16L << 20);
        using var volume = NtfsFaultTests.OpenForWriting(device);
        NtfsFaultTests.WriteFile(volume, "Readme", [1]);
        Assert.Equal("Readme", volume.Find(GuestPath.Parse("README"))!.Path.Name);
        var refused = Assert.Throws<DiskFormatException>(() => volume.Create(GuestPath.Parse("README"), new NtfsCreateProperties()));
        Assert.Equal(DiskFormatDefect.AlreadyExists, refused.Defect);

        volume.Rename(GuestPath.Parse("readme"), GuestPath.Parse("README"));
        Assert.Equal("README", Assert.Single(volume.Enumerate(GuestPath.Root)).Path.Name);
    }

    [Fact]
    public void Times_lengths_and_bits_of_the_folders_copy_follow_the_file()
    {
        var device = NtfsFormatterTests.Format(16L << 20);
        using (var volume = NtfsFaultTests.OpenForWriting(device))
        {
            NtfsFaultTests.WriteFile(volume, "file", new byte[5000]);
            var time = new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc);
            volume.SetBasicInfo(GuestPath.Parse("file"), new NtfsTimes(time, time, time, time), FileAttributes.Hidden);
            volume.Flush();
        }

        using var opened = NtfsVolume.Open(device, new NtfsOpenOptions());
        NtfsEntry entry = opened.Find(GuestPath.Parse("file"))!;
        Assert.Equal(FileAttributes.Hidden, entry.Attributes);
        IndexEntry copy = IndexTree.Of(opened, opened.Files.Get(WellKnownRecord.Root)).FindName("file")!;
        FileRecord record = opened.Files.Get(entry.RecordNumber);
        Assert.Equal(record.Require(AttributeType.StandardInformation).Value.AsSpan(0, 32).ToArray(), copy.Key.Slice(8, 32).ToArray());
        Assert.Equal(8192, BitConverter.ToInt64(copy.Key.Slice(40, 8)));
        Assert.Equal(5000, BitConverter.ToInt64(copy.Key.Slice(48, 8)));
        Assert.Equal(2, BitConverter.ToInt32(copy.Key.Slice(56, 4)));
    }

    [Fact]
    public void What_may_not_be_is_refused_by_name_and_changes_nothing()
    {
        var device = NtfsFormatterTests.Format(16L << 20);
        using var volume = NtfsFaultTests.OpenForWriting(device);
        volume.Create(GuestPath.Parse("folder"), new NtfsCreateProperties { IsDirectory = true });
        volume.Create(GuestPath.Parse("folder\\below"), new NtfsCreateProperties { IsDirectory = true });
        volume.Flush();
        int writes = device.Writes;

        Expect(DiskFormatDefect.NotFound, () => volume.Create(GuestPath.Parse("absent\\file"), new NtfsCreateProperties()));
        Expect(DiskFormatDefect.NotFound, () => volume.OpenStream(GuestPath.Parse("absent")));
        Expect(DiskFormatDefect.NotFound, () => volume.OpenStream(GuestPath.Parse("folder")));
        Expect(DiskFormatDefect.NotFound, () => volume.Delete(GuestPath.Parse("absent")));
        Expect(DiskFormatDefect.NotSupported, () => volume.Delete(GuestPath.Parse("folder")));
        Expect(DiskFormatDefect.NotSupported, () => volume.Delete(GuestPath.Root));
        Expect(DiskFormatDefect.NotSupported, () => volume.Rename(GuestPath.Parse("folder"), GuestPath.Parse("folder\\below\\it")));
        Expect(DiskFormatDefect.NotSupported, () => volume.OpenStream(GuestPath.Parse("$MFT"), writable: true));
        Expect(DiskFormatDefect.NotSupported, () => volume.Delete(GuestPath.Parse("$Extend\\$Quota")));
        Expect(DiskFormatDefect.NotSupported, () => volume.Create(GuestPath.Parse("$Extend\\new"), new NtfsCreateProperties()));
        volume.Flush();
        Assert.Equal(writes, device.Writes);
    }

    [Fact]
    public void A_full_volume_says_so()
    {
        var device = NtfsFormatterTests.Format(8L << 20);
        using var volume = NtfsFaultTests.OpenForWriting(device);
        volume.Create(GuestPath.Parse("big"), new NtfsCreateProperties());
        using var stream = volume.OpenStream(GuestPath.Parse("big"), writable: true);
        Expect(DiskFormatDefect.NoSpace, () => stream.SetLength(volume.FreeBytes + 4096));
        stream.SetLength(volume.FreeBytes);
        Assert.Equal(0, volume.FreeBytes);
    }

    [Fact]
    public void Device_writes_are_few()
    {
        var device = NtfsFormatterTests.Format(256L << 20);
        using var volume = NtfsFaultTests.OpenForWriting(device);
        int before = device.Writes;
        for (int i = 0; i < 12; i++)
        {
            NtfsFaultTests.WriteFile(volume, $"file {i}", new byte[1 << 20]);
        }

        volume.Flush();
        Assert.InRange(device.Writes - before, 12, 24);
    }

    private static void Expect(DiskFormatDefect defect, Action action) => Assert.Equal(defect, Assert.Throws<DiskFormatException>(action).Defect);
}
