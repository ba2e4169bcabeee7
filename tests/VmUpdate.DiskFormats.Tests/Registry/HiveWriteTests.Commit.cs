using VmUpdate.DiskFormats.Registry;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.DiskFormats.Tests.Registry;

/// <content>What a commit writes, in which order, and what it does with the logs.</content>
public sealed partial class HiveWriteTests
{
    [Fact]
    public void Nothing_is_written_when_nothing_changed()
    {
        MemoryFile file = Create(hive => hive.Create("A").SetValue("v", 1, "text"u8));
        byte[] before = file.ToArray();
        long written = file.BytesWritten;
        using (RegistryHive hive = OpenForWriting(file))
        {
            hive.Create("a").SetValue("V", 1, "text"u8);
            hive.Root.DeleteSubKey("absent");
            hive.Root.DeleteValue("absent");
            hive.Find("A")!.SetClassName(string.Empty);
            hive.Root.SetSecurityDescriptor(DefaultSecurity.Descriptor);
            hive.Commit();
        }

        Assert.Equal(written, file.BytesWritten);
        Assert.Equal(before, file.ToArray());
    }

    [Fact]
    public void What_was_not_committed_is_not_written()
    {
        MemoryFile file = Create(_ => { });
        byte[] before = file.ToArray();
        using (RegistryHive hive = OpenForWriting(file))
        {
            hive.Create("A");
        }

        Assert.Equal(before, file.ToArray());
    }

    [Fact]
    public void A_change_of_one_value_in_a_great_hive_writes_a_few_pages()
    {
        var file = new MemoryFile(Corpora.Read("hives/plaso/SOFTWARE.gz"));
        using (RegistryHive hive = OpenForWriting(file))
        {
            hive.Find(@"Microsoft\Cryptography")!.SetValue("MachineGuid", 1, new byte[74]);
            hive.Find(@"Microsoft\Windows\CurrentVersion\WindowsUpdate")!.SetValue("SusClientId", 1, new byte[100]);
            hive.Commit();
        }

        Assert.True(file.BytesWritten <= (8 * 4096) + 1024, $"{file.BytesWritten} bytes were written.");
        Assert.True(file.BytesRead < 4 * 1024 * 1024, $"{file.BytesRead} bytes were read.");
    }

    [Fact]
    public void Sequence_numbers_and_time_rise_with_each_commit()
    {
        MemoryFile file = Create(_ => { });
        using RegistryHive hive = OpenForWriting(file);
        for (int i = 0; i < 3; i++)
        {
            var before = new HiveBaseBlock(file.ToArray()[..512]);
            hive.Create($"k{i}");
            hive.Commit();
            var after = new HiveBaseBlock(file.ToArray()[..512]);
            Assert.True(after.HasValidChecksum);
            Assert.Equal(before.Sequence1 + 1, after.Sequence1);
            Assert.Equal(after.Sequence1, after.Sequence2);
            Assert.NotEqual(before.LastWritten, after.LastWritten);
        }
    }

    [Fact]
    public void The_first_sequence_number_is_above_every_entry_of_the_logs()
    {
        var file = new MemoryFile(Corpora.Read("hives/regipy/NTUSER.DAT.gz"));
        var log = new MemoryFile(Corpora.Read("hives/regipy/UsrClass.dat.LOG2.gz"));
        byte[] old = file.ToArray();
        old[4] = old[8] = 200;
        old[5] = old[9] = 0;
        file = new MemoryFile(Sealed(old));
        using (var hive = RegistryHive.Open(file, [MemoryFile.Empty, log], Writing()))
        {
            hive.Root.SetValue("x", 1, "1"u8);
            hive.Commit();
        }

        Assert.Equal(301u, new HiveBaseBlock(file.ToArray()[..512]).Sequence1);
    }

    [Fact]
    public void Pending_log_entries_are_written_with_the_commit()
    {
        var file = new MemoryFile(Corpora.Read("hives/regipy/UsrClass.dat.gz"));
        var log1 = new MemoryFile(Corpora.Read("hives/regipy/UsrClass.dat.LOG1.gz"));
        var log2 = new MemoryFile(Corpora.Read("hives/regipy/UsrClass.dat.LOG2.gz"));
        HiveModel expected;
        using (var hive = RegistryHive.Open(file, [log1, log2], Writing()))
        {
            expected = HiveModel.Of(hive.Root);
            hive.Commit();
            Assert.Equal(0, file.BytesWritten);
            hive.Root.SetValue("x", 4, new byte[4]);
            expected.Values.Add("x", (4, new byte[4]));
            hive.Commit();
        }

        using RegistryHive fresh = Open(file);
        Assert.False(fresh.IsTorn);
        HiveModel.Same(expected, HiveModel.Of(fresh.Root));
        Assert.Equal(301u, new HiveBaseBlock(file.ToArray()[..512]).Sequence1);
    }

    [Fact]
    public void A_hive_opened_for_reading_takes_no_change()
    {
        MemoryFile file = Create(_ => { });
        using RegistryHive hive = Open(file);
        Assert.Throws<InvalidOperationException>(() => hive.Root.SetValue("x", 1, []));
        Assert.Throws<InvalidOperationException>(hive.Commit);
    }

    [Fact]
    public void A_torn_hive_is_written_when_a_walk_meets_no_defect()
    {
        var file = new MemoryFile(Corpora.Read("hives/regipy/SECURITY.gz"));
        using (RegistryHive hive = OpenForWriting(file))
        {
            Assert.True(hive.IsTorn);
            hive.Root.SetValue("x", 1, "1"u8);
            hive.Commit();
        }

        using RegistryHive fresh = Open(file);
        Assert.False(fresh.IsTorn);
        Assert.Equal((100, 110), (HiveDigest.Of(fresh).Keys, HiveDigest.Of(fresh).Values));
    }
}
