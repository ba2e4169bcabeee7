using VmUpdate.DiskFormats.Registry;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.DiskFormats.Tests.Registry;

/// <content>What is left of what was deleted: nothing.</content>
public sealed partial class HiveWriteTests
{
    [Fact]
    public void Deleting_all_gives_all_room_back()
    {
        MemoryFile file = Create(hive =>
        {
            for (int i = 0; i < 300; i++)
            {
                hive.Create($@"A\{i}\x\y").SetValue("v", 3, new byte[i * 100]);
            }
        });
        long grown = file.Length;
        using (RegistryHive hive = OpenForWriting(file))
        {
            hive.Root.DeleteSubKey("a");
            for (int i = 0; i < 300; i++)
            {
                hive.Create($@"A\{i}\x\y").SetValue("v", 3, new byte[i * 100]);
            }

            hive.Commit();
        }

        Assert.Equal(grown, file.Length);
        Assert.Empty(HiveChecker.Check(file.ToArray()));
    }

    [Fact]
    public void A_deleted_value_leaves_nothing_of_itself_in_the_file()
    {
        byte[] secret = "a secret that must not stay behind"u8.ToArray();
        MemoryFile file = Create(hive => hive.Create("A").SetValue("password", 3, secret));
        Assert.True(file.ToArray().AsSpan().IndexOf(secret) > 0);
        using (RegistryHive hive = OpenForWriting(file))
        {
            hive.Find("A")!.DeleteValue("password");
            hive.Commit();
        }

        Assert.True(file.ToArray().AsSpan().IndexOf(secret) < 0);
        Assert.True(file.ToArray().AsSpan().IndexOf("password"u8) < 0);
    }

    [Fact]
    public void A_security_descriptor_is_shared_and_goes_with_its_last_key()
    {
        byte[] other = RandomEdits.Descriptor(3);
        MemoryFile file = Create(hive =>
        {
            hive.Create("A").SetSecurityDescriptor(other);
            hive.Create("B").SetSecurityDescriptor(other);
        });
        Assert.Empty(HiveChecker.Check(file.ToArray()));
        using (RegistryHive hive = OpenForWriting(file))
        {
            Assert.Equal(hive.Find("A")!.Node.Security, hive.Find("B")!.Node.Security);
            Assert.NotEqual(hive.Root.Node.Security, hive.Find("B")!.Node.Security);
            hive.Root.DeleteSubKey("A");
            hive.Find("B")!.SetSecurityDescriptor(DefaultSecurity.Descriptor);
            hive.Commit();
        }

        Assert.Empty(HiveChecker.Check(file.ToArray()));
    }

    [Theory]
    [InlineData("hives/plaso/SOFTWARE.gz")]
    [InlineData("hives/regipy/UsrClass.dat.gz")]
    public void What_former_writers_left_in_free_cells_is_wiped_and_nothing_else_changes(string name)
    {
        byte[] original = Corpora.Read(name);
        var file = new MemoryFile([.. original, .. "left behind the hive's end"u8]);
        HiveDigest before;
        using (RegistryHive hive = OpenForWriting(file))
        {
            before = HiveDigest.Of(hive);
            hive.WipeFreeCells();
            hive.Commit();
        }

        using RegistryHive wiped = Open(file);
        Assert.Equal(before, HiveDigest.Of(wiped));
        byte[] bytes = file.ToArray();
        Assert.True(bytes.AsSpan().IndexOf("left behind the hive's end"u8) < 0);
        Assert.True(FreeBytes(original).Any(part => part != 0), "the test itself: a hive without remains shows nothing");
        Assert.DoesNotContain(FreeBytes(bytes), part => part != 0);
    }

    private static IEnumerable<byte> FreeBytes(byte[] hive)
    {
        int end = 4096 + BitConverter.ToInt32(hive, 40);
        for (int bin = 4096; bin < end; bin += BitConverter.ToInt32(hive, bin + 8))
        {
            for (int cell = bin + 32; cell < bin + BitConverter.ToInt32(hive, bin + 8); cell += Math.Abs(BitConverter.ToInt32(hive, cell)))
            {
                int size = BitConverter.ToInt32(hive, cell);
                for (int at = cell + 4; size > 0 && at < cell + size; at++)
                {
                    yield return hive[at];
                }
            }
        }
    }
}
