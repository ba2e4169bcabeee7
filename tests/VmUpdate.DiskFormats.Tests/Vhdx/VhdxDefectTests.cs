using System.Buffers.Binary;
using System.Text;
using VmUpdate.DiskFormats.Vhdx;
using VmUpdate.Simulation.Files;
using Xunit;

namespace VmUpdate.DiskFormats.Tests.Vhdx;

/// <summary>What is not a VHDX, or a damaged or hostile one, is refused by name, and not a byte of it is changed.</summary>
public sealed class VhdxDefectTests
{
    private const int Mebibyte = VhdxTestDisk.Mebibyte;

    [Theory]
    [InlineData("", "never finished")]
    [InlineData("hello", "5 bytes")]
    [InlineData("hello, this is a text file and no disk", "does not start with 'vhdxfile'")]
    [InlineData("conectix and the rest of a dynamic VHD", "Convert-VHD")]
    [InlineData("QFI\u00FB and the rest of a qcow2 image", "qemu-img convert")]
    [InlineData("KDMV and the rest of a VMDK", "VMDK")]
    public void A_file_of_another_kind_is_refused_with_the_way_out(string content, string expected) =>
        RequireWrongFormat(Encoding.Latin1.GetBytes(content), expected);

    [Fact]
    public void A_fixed_VHD_is_known_by_its_last_sector()
    {
        byte[] bytes = new byte[Mebibyte + 512];
        "conectix"u8.CopyTo(bytes.AsSpan(Mebibyte));
        RequireWrongFormat(bytes, "Convert-VHD");
    }

    [Fact]
    public void A_file_that_is_cut_anywhere_is_refused_or_whole()
    {
        foreach (int length in (int[])[8, 100, 65536, 65537, 70000, Mebibyte - 1, Mebibyte, 2 * Mebibyte, 3 * Mebibyte, (4 * Mebibyte) - 1, 5 * Mebibyte, (6 * Mebibyte) - 1])
        {
            VhdxImage image = VhdxImage.Dynamic();
            image.Resize(length);
            DiskFormatException failure = image.RequireRefused(DiskFormatDefect.Truncated);
            Assert.Contains("0x", failure.Message + failure.Place, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void One_damaged_header_is_no_failure_and_two_are_one()
    {
        VhdxImage image = VhdxImage.Dynamic();
        image.Header(1)[100] ^= 1;
        using (VhdxTestDisk.OpenForReading(VhdxImage.Path, image.ToFiles()))
        {
        }

        image.Header(0)[100] ^= 1;
        image.RequireRefused(DiskFormatDefect.WrongChecksum);
        image.Header(0)[0] = image.Header(1)[0] = 0;
        image.RequireRefused(DiskFormatDefect.WrongSignature);
    }

    [Fact]
    public void The_header_with_the_greater_sequence_number_is_current()
    {
        VhdxImage image = VhdxImage.Dynamic();
        Guid newer = Guid.NewGuid();
        VhdxHeader header = image.ReadHeader();
        (header with { SequenceNumber = header.SequenceNumber + 5, DataWriteGuid = newer }).Write(image.Header(0));
        using VhdxDisk disk = VhdxTestDisk.OpenForReading(VhdxImage.Path, image.ToFiles());
        Assert.Equal(newer, disk.DataWriteGuid);
    }

    [Fact]
    public void Two_headers_of_one_number_must_be_equal()
    {
        VhdxImage image = VhdxImage.Dynamic();
        image.Header(0).CopyTo(image.Header(1));
        VhdxTestDisk.OpenForReading(VhdxImage.Path, image.ToFiles()).Dispose();
        VhdxHeader header = image.ReadHeader();
        (header with { DataWriteGuid = Guid.NewGuid() }).Write(image.Header(1));
        image.RequireRefused(DiskFormatDefect.Inconsistent);
    }

    [Theory]
    [InlineData(1L, 0x100000L, DiskFormatDefect.OutOfBounds)]
    [InlineData(0x100001L, 0x100000L, DiskFormatDefect.OutOfBounds)]
    [InlineData(0x100000L, 0L, DiskFormatDefect.OutOfBounds)]
    [InlineData(0L, 0x100000L, DiskFormatDefect.OutOfBounds)]
    [InlineData(0x100000L, 0xFFF00000L, DiskFormatDefect.LimitExceeded)]
    [InlineData(0x7FFFFFFFFFF00000L, 0x100000L, DiskFormatDefect.Truncated)]
    [InlineData(0x200000L, 0x100000L, DiskFormatDefect.Inconsistent)]
    public void A_log_in_an_impossible_place_is_refused(long offset, long length, DiskFormatDefect defect)
    {
        VhdxImage image = VhdxImage.Dynamic();
        image.ChangeHeader(header => header with { LogOffset = offset, LogLength = length });
        image.RequireRefused(defect);
    }

    [Fact]
    public void An_unknown_version_is_refused()
    {
        VhdxImage image = VhdxImage.Dynamic();
        image.Header(0)[66] = image.Header(1)[66] = 2;
        image.Seal(VhdxHeader.FirstOffset, VhdxHeader.Size);
        image.Seal(VhdxHeader.SecondOffset, VhdxHeader.Size);
        image.RequireRefused(DiskFormatDefect.UnsupportedVersion);
    }

    [Fact]
    public void The_second_region_table_serves_when_the_first_is_damaged()
    {
        VhdxImage image = VhdxImage.Dynamic();
        image.Bytes[192 * 1024 + 50] ^= 1;
        using (VhdxDisk disk = VhdxTestDisk.OpenForReading(VhdxImage.Path, image.ToFiles()))
        {
            Assert.Equal(VhdxTestDisk.Bytes(4096, 1), VhdxTestDisk.Read(disk, 0, 4096));
        }

        image.Bytes[256 * 1024 + 50] ^= 1;
        image.RequireRefused(DiskFormatDefect.WrongChecksum);
    }

    [Theory]
    [InlineData(8, 4000u, DiskFormatDefect.LimitExceeded)]
    [InlineData(8, 1u, DiskFormatDefect.Inconsistent)]
    [InlineData(32, 0x300001u, DiskFormatDefect.OutOfBounds)]
    [InlineData(32, 0u, DiskFormatDefect.OutOfBounds)]
    [InlineData(36, 0x7FFFFFFFu, DiskFormatDefect.Truncated)]
    [InlineData(40, 0xFFF00000u, DiskFormatDefect.Truncated)]
    [InlineData(32, 0x200000u, DiskFormatDefect.Inconsistent)]
    [InlineData(32, 0x100000u, DiskFormatDefect.Inconsistent)]
    [InlineData(16, 0x12345678u, DiskFormatDefect.NotSupported)]
    public void A_region_table_that_cannot_be_is_refused(int offset, uint value, DiskFormatDefect defect)
    {
        VhdxImage image = VhdxImage.Dynamic();
        foreach (int copy in (int[])[192 * 1024, 256 * 1024])
        {
            BinaryPrimitives.WriteUInt32LittleEndian(image.Bytes.AsSpan(copy + offset), value);
            image.Seal(copy, 64 * 1024);
        }

        image.RequireRefused(defect);
    }

    [Theory]
    [InlineData(0, 0u, DiskFormatDefect.WrongSignature)]
    [InlineData(10, 0xFFFFu, DiskFormatDefect.LimitExceeded)]
    [InlineData(10, 0u, DiskFormatDefect.Inconsistent)]
    [InlineData(48, 0x10u, DiskFormatDefect.OutOfBounds)]
    [InlineData(48, 0xFFFFFFF0u, DiskFormatDefect.OutOfBounds)]
    [InlineData(52, 0x7FFFFFFFu, DiskFormatDefect.OutOfBounds)]
    [InlineData(52, 4u, DiskFormatDefect.Inconsistent)]
    [InlineData(32, 0x12345678u, DiskFormatDefect.NotSupported)]
    [InlineData(65536, 3u * 1024 * 1024, DiskFormatDefect.Inconsistent)]
    [InlineData(65536, 0x80000000u, DiskFormatDefect.Inconsistent)]
    [InlineData(65536, 1024u, DiskFormatDefect.Inconsistent)]
    [InlineData(65540, 2u, DiskFormatDefect.Inconsistent)]
    [InlineData(65544, 100u, DiskFormatDefect.Inconsistent)]
    [InlineData(65548, 0xFFFFFFFFu, DiskFormatDefect.Inconsistent)]
    [InlineData(65548, 0x1000u, DiskFormatDefect.OutOfBounds)]
    [InlineData(65568, 520u, DiskFormatDefect.Inconsistent)]
    public void Metadata_that_cannot_be_is_refused(int offset, uint value, DiskFormatDefect defect)
    {
        VhdxImage image = VhdxImage.Dynamic();
        Span<byte> field = image.Bytes.AsSpan(VhdxImage.MetadataOffset + offset);
        if (offset == 10)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(field, (ushort)value);
        }
        else
        {
            BinaryPrimitives.WriteUInt32LittleEndian(field, value);
        }

        image.RequireRefused(defect);
    }

    [Theory]
    [InlineData(0, 0x400004L, DiskFormatDefect.Inconsistent)]
    [InlineData(0, 0x400007L, DiskFormatDefect.Inconsistent)]
    [InlineData(0, 0x6L, DiskFormatDefect.OutOfBounds)]
    [InlineData(0, 0x600006L, DiskFormatDefect.Truncated)]
    [InlineData(0, 0x7FFFFFFFFFF00006L, DiskFormatDefect.Truncated)]
    [InlineData(0, -0xFFFFAL, DiskFormatDefect.Truncated)]
    [InlineData(1, 0x400006L, DiskFormatDefect.Inconsistent)]
    [InlineData(1, 0x100006L, DiskFormatDefect.Inconsistent)]
    [InlineData(1, 0x200006L, DiskFormatDefect.Inconsistent)]
    public void A_block_in_an_impossible_place_or_state_is_refused(int entry, long value, DiskFormatDefect defect)
    {
        VhdxImage image = VhdxImage.Dynamic();
        BinaryPrimitives.WriteInt64LittleEndian(image.BatEntry(entry), value);
        image.RequireRefused(defect);
    }

    [Fact]
    public void A_huge_disk_in_a_small_file_is_refused_without_room_for_its_table()
    {
        VhdxImage image = VhdxImage.Dynamic();
        BinaryPrimitives.WriteInt64LittleEndian(image.Bytes.AsSpan(VhdxImage.MetadataOffset + 65544), 64L << 40);
        long before = GC.GetAllocatedBytesForCurrentThread();
        image.RequireRefused(DiskFormatDefect.OutOfBounds);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100 * Mebibyte);
    }

    [Fact]
    public void A_partly_present_block_without_its_bitmap_is_refused()
    {
        const string child = "/disks/child.vhdx";
        CrashFileSystem files = VhdxImage.ChildAndParent(child);
        VhdxImage image = VhdxImage.Of(files, child);
        image.BatEntry(2048).Clear();
        CrashFileSystem spoilt = files.AfterKill();
        spoilt.Add("/disks/spoilt.vhdx", image.Bytes);
        using VhdxDisk disk = VhdxTestDisk.OpenForReading("/disks/spoilt.vhdx", spoilt);
        DiskFormatException failure = Assert.Throws<DiskFormatException>(() => disk.ReadAt(Mebibyte, new byte[512]));
        Assert.Equal(DiskFormatDefect.Inconsistent, failure.Defect);
        Assert.Contains("sector bitmap", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Spoilt_bytes_are_refused_by_name_or_read_and_never_worse()
    {
        byte[] buffer = new byte[VhdxImage.Length];
        int[] places = [0, 65536, 131072, 192 * 1024, 256 * 1024, VhdxImage.MetadataOffset, VhdxImage.MetadataOffset + 65536, VhdxImage.BatOffset];
        for (int seed = 0; seed < 120; seed++)
        {
            var random = new Random(seed);
            VhdxImage image = VhdxImage.Dynamic();
            for (int change = 0; change < 3; change++)
            {
                int place = places[random.Next(places.Length)] + random.Next(random.Next(2) == 0 ? 64 : 300);
                image.Bytes[place] = (byte)(random.Next(2) == 0 ? 0xFF : random.Next(256));
            }

            image.Seal(65536, 4096);
            image.Seal(131072, 4096);
            image.Seal(192 * 1024, 65536);
            image.Seal(256 * 1024, 65536);
            try
            {
                using VhdxDisk disk = VhdxTestDisk.OpenForReading(VhdxImage.Path, image.ToFiles());
                for (long offset = 0; offset < Math.Min(disk.Length, 12 * Mebibyte); offset += buffer.Length)
                {
                    disk.ReadAt(offset, buffer.AsSpan(0, (int)Math.Min(buffer.Length, disk.Length - offset)));
                }
            }
            catch (DiskFormatException failure)
            {
                Assert.Equal(VhdxImage.Path, failure.Subject);
            }
        }
    }

    private static void RequireWrongFormat(byte[] content, string expected)
    {
        var files = new CrashFileSystem();
        files.Add(VhdxImage.Path, content);
        foreach (Func<VhdxDisk> open in (Func<VhdxDisk>[])[
            () => VhdxTestDisk.OpenForReading(VhdxImage.Path, files), () => VhdxTestDisk.OpenForWriting(VhdxImage.Path, files)])
        {
            DiskFormatException failure = Assert.Throws<DiskFormatException>(() => open().Dispose());
            Assert.Equal(DiskFormatDefect.WrongFormat, failure.Defect);
            Assert.Equal("DiskWrongFormat", failure.Code);
            Assert.Contains(expected, failure.Message, StringComparison.Ordinal);
            Assert.StartsWith(VhdxImage.Path, failure.Message, StringComparison.Ordinal);
        }
    }
}
