using System.Buffers.Binary;
using VmUpdate.DiskFormats.Vhdx;
using VmUpdate.Simulation.Files;
using Xunit;

namespace VmUpdate.DiskFormats.Tests.Vhdx;

/// <summary>Logs as a host's crash leaves them, and as nobody may.</summary>
public sealed class VhdxLogTests
{
    private const int Target = VhdxImage.FirstBlock + 8192;
    private static readonly Guid LogGuid = new("11111111-2222-3333-4444-555555555555");
    private static readonly Guid OtherGuid = new("99999999-2222-3333-4444-555555555555");

    [Fact]
    public void A_reader_sees_the_pending_writes_and_leaves_the_file_as_it_is()
    {
        VhdxImage image = Pending(image => image.PutLog(0, image.Entry(LogGuid, 7, 0, Target, 0x41)));
        CrashFileSystem files = image.ToFiles();
        using (VhdxDisk disk = VhdxTestDisk.OpenForReading(VhdxImage.Path, files))
        {
            Assert.True(disk.Chain[0].HadPendingLog);
            RequirePage(disk, Target, 0x41);
            Assert.Equal(VhdxTestDisk.Bytes(8192, 1), VhdxTestDisk.Read(disk, 0, 8192));
        }

        Assert.Equal(image.Bytes, files.ReadAll(VhdxImage.Path));
    }

    [Fact]
    public void A_writer_puts_them_in_place_and_empties_the_log()
    {
        VhdxImage image = Pending(image => image.PutLog(0, image.Entry(LogGuid, 7, 0, Target, 0x41)));
        VhdxHeader before = image.ReadHeader();
        CrashFileSystem files = image.ToFiles();
        using (VhdxDisk disk = VhdxTestDisk.OpenForWriting(VhdxImage.Path, files))
        {
            Assert.True(disk.Chain[0].HadPendingLog);
            RequirePage(disk, Target, 0x41);
        }

        VhdxImage after = VhdxImage.Of(files, VhdxImage.Path);
        VhdxHeader first = VhdxHeader.ReadCurrent(after.Header(0), after.Header(0), after.Bytes.Length, out _);
        VhdxHeader second = VhdxHeader.ReadCurrent(after.Header(1), after.Header(1), after.Bytes.Length, out _);
        Assert.Equal((Guid.Empty, Guid.Empty), (first.LogGuid, second.LogGuid));
        Assert.NotEqual(before.FileWriteGuid, first.FileWriteGuid);
        Assert.Equal(before.DataWriteGuid, first.DataWriteGuid);
        Assert.Equal(0x41, after.Bytes[Target]);
    }

    [Fact]
    public void Bytes_written_after_the_replay_are_not_replayed_over()
    {
        CrashFileSystem files = Pending(image => image.PutLog(0, image.Entry(LogGuid, 7, 0, Target, 0x41))).ToFiles();
        byte[] bytes = VhdxTestDisk.Bytes(4096, 5);
        using (VhdxDisk disk = VhdxTestDisk.OpenForWriting(VhdxImage.Path, files))
        {
            disk.WriteAt(8192, bytes);
        }

        using VhdxDisk read = VhdxTestDisk.OpenForReading(VhdxImage.Path, files);
        Assert.Equal(bytes, VhdxTestDisk.Read(read, 8192, 4096));
    }

    [Fact]
    public void Entries_of_another_log_are_dead()
    {
        RequireReplayed(0x43, image =>
        {
            int next = image.PutLog(0, image.Entry(LogGuid, 7, 0, Target, 0x43));
            next = image.PutLog(next, image.Entry(OtherGuid, 8, 0, Target, 0x58));
            image.PutLog(next, image.Entry(OtherGuid, 9, 0, Target, 0x59));
        });
    }

    [Fact]
    public void Only_the_newest_complete_sequence_counts()
    {
        RequireReplayed(0x44, image =>
        {
            int next = image.PutLog(0, image.Entry(LogGuid, 20, 0, Target, 0x43));
            next = image.PutLog(next, image.Entry(LogGuid, 21, 0, Target, 0x44));

            // What an older round of the circular log left behind them, whole and with the right id.
            int old = next;
            next = image.PutLog(next, image.Entry(LogGuid, 5, old, Target, 0x58));
            image.PutLog(next, image.Entry(LogGuid, 6, old, Target, 0x59));
        });
    }

    [Fact]
    public void Entries_before_the_heads_tail_are_done_with()
    {
        CrashFileSystem files = Pending(image =>
        {
            int next = image.PutLog(0, image.Entry(LogGuid, 7, 0, Target + 4096, 0x58));
            image.PutLog(next, image.Entry(LogGuid, 8, next, Target, 0x42));
        }).ToFiles();
        using VhdxDisk disk = VhdxTestDisk.OpenForReading(VhdxImage.Path, files);
        RequirePage(disk, Target, 0x42);
        Assert.Equal(VhdxTestDisk.Bytes(2 * VhdxTestDisk.Mebibyte, 1).AsSpan(12288, 4096).ToArray(), VhdxTestDisk.Read(disk, 12288, 4096));
    }

    [Fact]
    public void A_torn_last_entry_leaves_the_ones_before_it()
    {
        RequireReplayed(0x42, image =>
        {
            int next = image.PutLog(0, image.Entry(LogGuid, 7, 0, Target, 0x41));
            next = image.PutLog(next, image.Entry(LogGuid, 8, 0, Target, 0x42));
            byte[] torn = image.Entry(LogGuid, 9, 0, Target, 0x43);
            torn[5000] ^= 1;
            image.PutLog(next, torn);
        });
    }

    [Fact]
    public void A_data_sector_of_another_entry_makes_its_entry_invalid()
    {
        RequireReplayed(0x41, image =>
        {
            int next = image.PutLog(0, image.Entry(LogGuid, 7, 0, Target, 0x41));
            byte[] entry = image.Entry(LogGuid, 8, 0, Target, 0x42);
            BinaryPrimitives.WriteUInt32LittleEndian(entry.AsSpan(8188), 6);
            VhdxImage.SealEntry(entry);
            image.PutLog(next, entry);
        });
    }

    [Fact]
    public void An_entry_goes_on_at_the_logs_start()
    {
        RequireReplayed(0x42, image =>
        {
            int tail = VhdxTestDisk.Mebibyte - 12288;
            int next = image.PutLog(tail, image.Entry(LogGuid, 7, tail, Target, 0x41));
            Assert.Equal(4096, image.PutLog(next, image.Entry(LogGuid, 8, tail, Target, 0x42)));
        });
    }

    [Fact]
    public void Zeros_and_pages_take_effect_in_their_order()
    {
        CrashFileSystem files = Pending(image =>
        {
            byte[] entry = VmUpdate.DiskFormats.Vhdx.Log.LogEntry.Compose(LogGuid, 7, 0, image.Bytes.Length, [Page(Target, 1), Page(Target + 4096, 2), Page(Target, 3)]);

            // The second descriptor becomes "zero 12 KiB at the target"; its data sector moves out of the way.
            Span<byte> descriptor = entry.AsSpan(64 + 32, 32);
            BinaryPrimitives.WriteUInt32LittleEndian(descriptor, 0x6F72657A);
            BinaryPrimitives.WriteUInt32LittleEndian(descriptor[4..], 0);
            BinaryPrimitives.WriteInt64LittleEndian(descriptor[8..], 12288);
            BinaryPrimitives.WriteInt64LittleEndian(descriptor[16..], Target);
            entry.AsSpan(12288, 4096).CopyTo(entry.AsSpan(8192));
            VhdxImage.SealEntry(entry);
            image.PutLog(0, entry);
        }).ToFiles();
        for (int round = 0; round < 2; round++)
        {
            using (VhdxDisk disk = VhdxTestDisk.OpenForReading(VhdxImage.Path, files))
            {
                RequirePage(disk, Target, 3);
                RequirePage(disk, Target + 4096, 0);
                RequirePage(disk, Target + 8192, 0);
                Assert.Equal(VhdxTestDisk.Bytes(32768, 1).AsSpan(20480).ToArray(), VhdxTestDisk.Read(disk, 20480, 12288));
            }

            VhdxTestDisk.OpenForWriting(VhdxImage.Path, files).Dispose();
        }
    }

    [Fact]
    public void A_file_shorter_than_its_log_says_was_truncated()
    {
        VhdxImage image = Pending(image => image.PutLog(0, image.Entry(LogGuid, 7, 0, Target, 0x41)));
        image.Resize(image.Bytes.Length - VhdxTestDisk.Mebibyte);
        image.RequireRefused(DiskFormatDefect.Truncated);
    }

    [Fact]
    public void A_file_is_made_as_long_as_its_log_wants_it()
    {
        int wanted = 0;
        VhdxImage image = Pending(image =>
        {
            // The second block's entry is in the log only, and so is the file's growth.
            wanted = image.Bytes.Length + (2 * VhdxTestDisk.Mebibyte);
            byte[] bat = image.Bytes.AsSpan(VhdxImage.BatOffset, 4096).ToArray();
            BinaryPrimitives.WriteInt64LittleEndian(bat.AsSpan(8), image.Bytes.Length | 6);
            byte[] entry = VmUpdate.DiskFormats.Vhdx.Log.LogEntry.Compose(
                LogGuid, 7, 0, image.Bytes.Length, [new KeyValuePair<long, byte[]>(VhdxImage.BatOffset, bat)]);
            BinaryPrimitives.WriteInt64LittleEndian(entry.AsSpan(56), wanted);
            VhdxImage.SealEntry(entry);
            image.PutLog(0, entry);
        });
        CrashFileSystem files = image.ToFiles();
        using (VhdxDisk disk = VhdxTestDisk.OpenForReading(VhdxImage.Path, files))
        {
            Assert.Equal(new byte[2 * VhdxTestDisk.Mebibyte], VhdxTestDisk.Read(disk, 2 * VhdxTestDisk.Mebibyte, 2 * VhdxTestDisk.Mebibyte));
        }

        VhdxTestDisk.OpenForWriting(VhdxImage.Path, files).Dispose();
        Assert.Equal(wanted, files.ReadAll(VhdxImage.Path).Length);
    }

    [Fact]
    public void A_log_that_is_named_and_holds_nothing_valid_is_refused() => Pending(_ => { }).RequireRefused(DiskFormatDefect.Inconsistent);

    [Fact]
    public void A_log_of_an_unknown_version_is_refused_when_it_is_needed()
    {
        VhdxImage image = Pending(image => image.PutLog(0, image.Entry(LogGuid, 7, 0, Target, 0x41)));
        image.Header(0)[64] = image.Header(1)[64] = 1;
        image.Seal(VhdxHeader.FirstOffset, VhdxHeader.Size);
        image.Seal(VhdxHeader.SecondOffset, VhdxHeader.Size);
        image.RequireRefused(DiskFormatDefect.UnsupportedVersion);
    }

    [Fact]
    public void A_log_that_wants_an_endless_file_is_refused()
    {
        Pending(image =>
        {
            byte[] entry = image.Entry(LogGuid, 7, 0, Target, 0x41);
            BinaryPrimitives.WriteInt64LittleEndian(entry.AsSpan(56), 1L << 60);
            VhdxImage.SealEntry(entry);
            image.PutLog(0, entry);
        }).RequireRefused(DiskFormatDefect.LimitExceeded);
    }

    [Fact]
    public void Spoilt_entries_are_valid_or_dead_and_never_worse()
    {
        for (int seed = 0; seed < 100; seed++)
        {
            var random = new Random(seed);
            VhdxImage image = Pending(image =>
            {
                byte[] entry = image.Entry(LogGuid, 7, 0, Target, 0x41);
                for (int change = 0; change < 3; change++)
                {
                    BinaryPrimitives.WriteUInt32LittleEndian(entry.AsSpan(8 + (4 * random.Next(20))), random.Next(3) == 0 ? uint.MaxValue : (uint)random.Next(70000));
                }

                VhdxImage.SealEntry(entry);
                image.PutLog(0, entry);
            });
            try
            {
                using VhdxDisk disk = VhdxTestDisk.OpenForReading(VhdxImage.Path, image.ToFiles());
                disk.ReadAt(0, new byte[VhdxImage.Length]);
            }
            catch (DiskFormatException)
            {
                // Refused by name is the other right answer.
            }
        }
    }

    private static KeyValuePair<long, byte[]> Page(long target, byte value)
    {
        byte[] page = new byte[4096];
        page.AsSpan().Fill(value);
        return new KeyValuePair<long, byte[]>(target, page);
    }

    private static VhdxImage Pending(Action<VhdxImage> fill)
    {
        VhdxImage image = VhdxImage.Dynamic();
        fill(image);
        image.ChangeHeader(header => header with { LogGuid = LogGuid });
        return image;
    }

    private static void RequireReplayed(byte expected, Action<VhdxImage> fill)
    {
        CrashFileSystem files = Pending(fill).ToFiles();
        using (VhdxDisk disk = VhdxTestDisk.OpenForReading(VhdxImage.Path, files))
        {
            RequirePage(disk, Target, expected);
        }

        VhdxTestDisk.OpenForWriting(VhdxImage.Path, files).Dispose();
        using VhdxDisk after = VhdxTestDisk.OpenForReading(VhdxImage.Path, files);
        Assert.False(after.Chain[0].HadPendingLog);
        RequirePage(after, Target, expected);
    }

    private static void RequirePage(VhdxDisk disk, int fileOffset, byte value)
    {
        byte[] expected = new byte[4096];
        expected.AsSpan().Fill(value);
        Assert.Equal(expected, VhdxTestDisk.Read(disk, fileOffset - VhdxImage.FirstBlock, 4096));
    }
}
