using System.Security.Cryptography;
using VmUpdate.DiskFormats.Registry;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.DiskFormats.Tests.Registry;

/// <summary>
/// A crash at any write or flush of a commit with a log leaves, once the log is replayed, the hive of before or the hive of after: whichever of
/// the writes that were not flushed reached the disk, and in which sectors.
/// </summary>
[Trait("Kind", "Crash")]
public sealed class HiveCrashTests
{
    private const int TornSubsets = 16;

    // A hive with many pages pending makes many writes: of those in a row some are taken.
    private const int FewWrites = 12;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_small_hive_with_an_empty_log(bool oldForm) => Run(Small(), [], [], oldForm, seed: 41);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_hive_whose_log_holds_an_earlier_write(bool oldForm)
    {
        byte[] hive = Small();
        var file = new MemoryFile(hive);
        var log = MemoryFile.Empty;
        Commit(file, [log], oldForm, root => root.SetValue("earlier", 3, new byte[9000]));
        Run(file.ToArray(), log.ToArray(), [], !oldForm, seed: 42, pages: 30);
    }

    [Fact]
    public void A_real_hive_whose_two_logs_hold_what_it_does_not() => Run(
        Corpora.Read("hives/regipy/UsrClass.dat.gz"),
        Corpora.Read("hives/regipy/UsrClass.dat.LOG1.gz"),
        Corpora.Read("hives/regipy/UsrClass.dat.LOG2.gz"),
        oldForm: false,
        seed: 43,
        torn: 2);

    [Fact]
    public void A_hive_torn_without_its_log_is_not_mixed_with_older_entries()
    {
        // Clean, and beside it logs of long ago whose entries would be taken, were the new sequence number not above them.
        byte[] hive = Corpora.Read("hives/regipy/NTUSER.DAT.gz");
        byte[] stale = Corpora.Read("hives/regipy/UsrClass.dat.LOG1.gz");
        hive[4] = hive[8] = 10;
        hive[5] = hive[9] = 0;
        List<FileEvent> journal = [];
        var file = new MemoryFile(HiveWriteTests.Sealed(hive)) { Journal = journal };
        using (var open = RegistryHive.Open(file, [new MemoryFile(stale)], HiveWriteTests.Writing()))
        {
            open.Root.SetValue("x", 1, "1"u8);
            open.Commit();
        }

        var torn = new MemoryFile([.. hive]);
        foreach (FileEvent write in journal.TakeWhile(write => !write.IsFlush))
        {
            torn.WriteAt(write.Offset, write.Bytes);
        }

        using var reopened = RegistryHive.Open(torn, [new MemoryFile(stale)], new RegistryOpenOptions());
        Assert.True(reopened.IsTorn);
        Assert.False(reopened.WasReplayed);
    }

    private static byte[] Small() => HiveWriteTests.Create(hive =>
    {
        for (int i = 0; i < 40; i++)
        {
            hive.Create($@"Key{i % 7}\Sub{i}").SetValue("v", 3, new byte[i * 37]);
        }
    }).ToArray();

    private static void Commit(MemoryFile file, MemoryFile[] logs, bool oldForm, Action<RegistryKey> change)
    {
        int ticks = 0;
        var options = new RegistryOpenOptions
        {
            Writable = true,
            WriteLog = true,
            OldLogForm = oldForm,
            UtcNow = () => new DateTime(2026, 5, 1, 0, 0, 0, DateTimeKind.Utc).AddSeconds(++ticks),
        };
        using var hive = RegistryHive.Open(file, logs, options);
        change(hive.Root);
        hive.Commit();
    }

    private static void Run(byte[] hive, byte[] log1, byte[] log2, bool oldForm, int seed, int torn = TornSubsets, int pages = 3)
    {
        string before = Fingerprint(hive, log1, log2);
        List<FileEvent> journal = [];
        MemoryFile[] files =
        [
            new([.. hive]) { Journal = journal }, new([.. log1], "LOG1") { Journal = journal }, new([.. log2], "LOG2") { Journal = journal },
        ];
        Commit(files[0], [files[1], files[2]], oldForm, root =>
        {
            root.CreateSubKey("Made").SetValue("big", 3, new byte[4096 * pages]);
            root.SetValue("x", 1, "text"u8);
            root.DeleteSubKey("Key3");
        });
        string after = Fingerprint(files[0].ToArray(), files[1].ToArray(), files[2].ToArray());
        Assert.NotEqual(before, after);
        byte[][] contents = [hive, log1, log2];
        var random = new Random(seed);
        HashSet<string> met = [];
        for (int crash = 0; crash <= journal.Count; crash++)
        {
            bool nearFlush = journal.Skip(Math.Max(0, crash - 1)).Take(2).Any(e => e.IsFlush);
            if (journal.Count > 3 * FewWrites && !nearFlush && crash % FewWrites != 0)
            {
                continue;
            }

            FileEvent[] done = [.. journal.Take(crash)];
            bool[] durable = [.. done.Select((e, i) => done.Skip(i).Any(later => later.IsFlush && later.File == e.File))];
            int[] open = [.. Enumerable.Range(0, crash).Where(i => !durable[i] && !done[i].IsFlush)];
            List<Func<int, int, bool>> variants = [(_, _) => false, (_, _) => true];
            int[] single = open.Length <= FewWrites ? open : [.. open.Where(_ => random.Next(open.Length) < 3)];
            variants.AddRange(single.SelectMany(one => new Func<int, int, bool>[] { (i, _) => i != one, (i, _) => i == one }));
            for (int i = 0; i < torn; i++)
            {
                int salt = random.Next();
                variants.Add((e, sector) => (HashCode.Combine(salt, e, sector) & 1) == 0);
            }

            foreach (Func<int, int, bool> reached in open.Length == 0 ? variants.Take(1) : variants)
            {
                byte[][] left = [.. contents.Select((content, file) => Replay(content, files[file], done, durable, reached))];
                string found = Fingerprint(left[0], left[1], left[2]);
                Assert.True(found == before || found == after, $"Seed {seed}, crash behind event {crash} of {journal.Count}: neither old nor new.");
                met.Add(found);
            }
        }

        Assert.Equal(2, met.Count);
    }

    private static byte[] Replay(byte[] content, MemoryFile which, FileEvent[] done, bool[] durable, Func<int, int, bool> reached)
    {
        var file = new MemoryFile([.. content]);
        for (int i = 0; i < done.Length; i++)
        {
            if (done[i].File != which || done[i].IsFlush)
            {
                continue;
            }

            if (done[i].Bytes is not { } bytes)
            {
                if (durable[i] || reached(i, -1))
                {
                    file.SetLength(Math.Max(file.Length, done[i].Offset));
                }

                continue;
            }

            for (int sector = 0; sector < bytes.Length; sector += 512)
            {
                if (durable[i] || reached(i, sector))
                {
                    file.WriteAt(done[i].Offset + sector, bytes.AsSpan(sector, Math.Min(512, bytes.Length - sector)));
                }
            }
        }

        return file.ToArray();
    }

    private static string Fingerprint(byte[] hive, byte[] log1, byte[] log2)
    {
        using var open = RegistryHive.Open(new MemoryFile(hive), [new MemoryFile(log1), new MemoryFile(log2)], new RegistryOpenOptions());
        return Convert.ToHexStringLower(SHA256.HashData(open.Cells.Pages.Read(0, open.Cells.Pages.Length)));
    }
}
