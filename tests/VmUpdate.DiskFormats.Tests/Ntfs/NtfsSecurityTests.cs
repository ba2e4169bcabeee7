using System.Buffers.Binary;
using VmUpdate.DiskFormats.Ntfs;
using Xunit;

namespace VmUpdate.DiskFormats.Tests.Ntfs;

public class NtfsSecurityTests
{
    private static readonly byte[] Everyone = [1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0];

    [Fact]
    public void A_descriptor_is_kept_verbatim_and_stored_once()
    {
        var device = NtfsFormatterTests.Format(16L << 20);
        byte[] descriptor = SecurityInheritance.Compose((Everyone, 0x1200A9, 0));
        using (var volume = NtfsFaultTests.OpenForWriting(device))
        {
            for (int i = 0; i < 50; i++)
            {
                volume.Create(GuestPath.Parse($"file {i}"), new NtfsCreateProperties { SecurityDescriptor = descriptor });
            }

            Assert.Equal(volume.Security.Add(descriptor), volume.Security.Add(descriptor));
            volume.Flush();
        }

        using var opened = NtfsVolume.Open(device, new NtfsOpenOptions());
        Assert.Equal(descriptor, opened.GetSecurityDescriptor(GuestPath.Parse("file 7")));
        Assert.Equal(4, IndexTree.Of(opened, opened.Files.Get(WellKnownRecord.Secure), "$SII").Enumerate().Count());
    }

    [Fact]
    public void Every_256_KiB_of_descriptors_are_followed_by_their_copy_and_none_crosses()
    {
        var device = NtfsFormatterTests.Format(64L << 20);
        using (var volume = NtfsFaultTests.OpenForWriting(device))
        {
            volume.Create(GuestPath.Parse("file"), new NtfsCreateProperties());
            for (uint i = 1; i < 4500; i++)
            {
                volume.SetSecurityDescriptor(GuestPath.Parse("file"), SecurityInheritance.Compose((Everyone, i, 0), (Everyone, i + 1, 3), (Everyone, 7, 9)));
            }

            volume.Flush();
        }

        using var opened = NtfsVolume.Open(device, new NtfsOpenOptions());
        FileRecord secure = opened.Files.Get(WellKnownRecord.Secure);
        byte[] stream = AttributeIo.ReadAll(opened, secure.Require(AttributeType.Data, "$SDS"));
        Assert.True(stream.Length > 0x80000 + 0x40000);
        int count = 0;
        foreach (IndexEntry entry in IndexTree.Of(opened, secure, "$SII").Enumerate())
        {
            int offset = (int)BinaryPrimitives.ReadInt64LittleEndian(entry.Data.Slice(8));
            int size = BinaryPrimitives.ReadInt32LittleEndian(entry.Data.Slice(16));
            Assert.Equal(0, offset & 0x40000);
            Assert.Equal(offset / 0x40000, (offset + size - 1) / 0x40000);
            Assert.True(stream.AsSpan(offset, size).SequenceEqual(stream.AsSpan(offset + 0x40000, size)));
            Assert.True(entry.Data.SequenceEqual(stream.AsSpan(offset, 20)));
            count++;
        }

        Assert.Equal(4499 + 4, count);
        Assert.Equal(count, IndexTree.Of(opened, secure, "$SDH").Enumerate().Count());
    }

    [Theory]
    [InlineData(0x01, false, new[] { 0x10 })] // OI reaches a file
    [InlineData(0x02, false, new int[0])] // CI does not
    [InlineData(0x0B, false, new[] { 0x10 })] // IO is over in the child
    [InlineData(0x01, true, new[] { 0x19 })] // OI passes through a folder
    [InlineData(0x05, true, new int[0])] // unless it may not go on
    [InlineData(0x02, true, new[] { 0x12 })]
    [InlineData(0x03, true, new[] { 0x13 })]
    [InlineData(0x07, true, new[] { 0x10 })] // NP ends here
    [InlineData(0x00, true, new int[0])]
    public void Entries_are_inherited_by_their_flags(byte flags, bool isDirectory, int[] expected)
    {
        byte[] child = SecurityInheritance.Create(SecurityInheritance.Compose((Everyone, 0x1200A9, flags)), isDirectory);
        SecurityInheritance.Check(child);
        (byte Flags, uint Mask, byte[] Sid)[] entries = Entries(child);
        if (expected.Length == 0)
        {
            Assert.Equal(2, entries.Length); // SYSTEM and Administrators: never a file that nobody can open
            return;
        }

        Assert.Equal(expected.Select(f => (byte)f), entries.Select(e => e.Flags));
        Assert.All(entries, e => Assert.Equal(Everyone, e.Sid));
    }

    [Fact]
    public void The_creators_entry_is_settled_for_the_child_and_kept_for_what_comes_below()
    {
        byte[] folder = SecurityInheritance.Compose((SecurityInheritance.CreatorOwner, 0x10000000, 0x0B));
        (byte Flags, uint Mask, byte[] Sid)[] entries = Entries(SecurityInheritance.Create(folder, isDirectory: true));
        Assert.Equal(2, entries.Length);
        Assert.Equal((0x10, 0x1F01FFu), (entries[0].Flags, entries[0].Mask));
        Assert.Equal(SecurityInheritance.Administrators, entries[0].Sid);
        Assert.Equal((0x1B, 0x10000000u), (entries[1].Flags, entries[1].Mask));
        Assert.Equal(SecurityInheritance.CreatorOwner, entries[1].Sid);

        entries = Entries(SecurityInheritance.Create(folder, isDirectory: false));
        Assert.Equal((0x10, 0x1F01FFu), (Assert.Single(entries).Flags, entries[0].Mask));
    }

    private static (byte Flags, uint Mask, byte[] Sid)[] Entries(byte[] descriptor)
    {
        int list = BinaryPrimitives.ReadInt32LittleEndian(descriptor.AsSpan(16));
        int count = BinaryPrimitives.ReadUInt16LittleEndian(descriptor.AsSpan(list + 4));
        var entries = new (byte, uint, byte[])[count];
        int at = list + 8;
        for (int i = 0; i < count; i++)
        {
            int size = BinaryPrimitives.ReadUInt16LittleEndian(descriptor.AsSpan(at + 2));
            entries[i] = (descriptor[at + 1], BinaryPrimitives.ReadUInt32LittleEndian(descriptor.AsSpan(at + 4)), descriptor.AsSpan(at + 8, size - 8).ToArray());
            at += size;
        }

        return entries;
    }
}
