using VmUpdate.DiskFormats.Registry;

namespace VmUpdate.Fuzz.Targets;

/// <summary>Small hives with one of everything.</summary>
internal static class HiveSeeds
{
    private static readonly DateTime Time = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    public static byte[] Varied(uint minorVersion = 5)
    {
        var file = new FuzzFile([]);
        using (var hive = RegistryHive.CreateEmpty(file, new RegistryCreateOptions { UtcNow = () => Time }))
        {
            hive.Commit();
        }

        byte[] empty = file.ToArray();
        empty[24] = (byte)minorVersion;
        new HiveBaseBlock(empty[..512]).Seal().CopyTo(empty);
        return Edited(empty, hive =>
        {
            for (int i = 0; i < 24; i++)
            {
                RegistryKey key = hive.Create($@"Key{i % 5}\Sub {i}");
                key.SetValue(string.Empty, 1, new byte[i]);
                key.SetValue("value", 3, new byte[i * 20]);
                key.SetValue("\u4E2D\u0416", 4, [1, 2, 3, 4]);
                key.SetClassName(i % 4 == 0 ? "class" : string.Empty);
            }

            byte[] descriptor = hive.Root.GetSecurityDescriptor();
            descriptor[^4]++;
            hive.Create("Key1").SetSecurityDescriptor(descriptor);
            if (minorVersion >= 4)
            {
                hive.Create("Key2").SetValue("big", 3, new byte[40000]);
            }
        });
    }

    public static byte[] Wide()
    {
        return Edited(Varied(), hive =>
        {
            RegistryKey key = hive.Create("Wide");
            for (int i = 0; i < 1100; i++)
            {
                key.CreateSubKey($"{i:D4}");
            }
        });
    }

    /// <summary>A hive whose last write did not end, and the log that holds it.</summary>
    public static byte[][] WithLog(bool oldForm)
    {
        byte[] before = Varied();
        var log = new FuzzFile([]);
        var file = new FuzzFile(before);
        using (var hive = RegistryHive.Open(file, [log], new RegistryOpenOptions { Writable = true, WriteLog = true, OldLogForm = oldForm, UtcNow = () => Time }))
        {
            hive.Create("Key3").SetValue("new", 3, new byte[6000]);
            hive.Commit();
        }

        byte[] dirty = [.. before];
        file.Read(0, 512).CopyTo(dirty, 0);
        var block = new HiveBaseBlock(dirty[..512]) { HiveBinsSize = (uint)before.Length - 4096 };
        block.Sequence2 = block.Sequence1 - 1;
        block.Seal().CopyTo(dirty);
        return [dirty, log.ToArray(), []];
    }

    private static byte[] Edited(byte[] hive, Action<RegistryHive> edit)
    {
        var file = new FuzzFile(hive);
        using var open = RegistryHive.Open(file, [], new RegistryOpenOptions { Writable = true, UtcNow = () => Time });
        edit(open);
        open.Commit();
        return file.ToArray();
    }
}
