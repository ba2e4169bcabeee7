using VmUpdate.DiskFormats.Registry;

namespace VmUpdate.Fuzz.Targets;

/// <summary>A hive alone: walks, look-ups, and changes that are committed and read again.</summary>
public class HiveTarget : FuzzTarget
{
    private static readonly DateTime Time = new(2026, 2, 1, 0, 0, 0, DateTimeKind.Utc);

    private readonly byte[][][] _seeds = [[HiveSeeds.Varied()], [HiveSeeds.Varied(minorVersion: 3)], [HiveSeeds.Wide()]];

    public override string Name => "hive";

    protected override IReadOnlyList<byte[][]> Seeds => _seeds;

    protected override void Repair(FuzzFile[] files) => RepairBlock(files[0]);

    protected override void Exercise(FuzzFile[] files, Random random)
    {
        FuzzFile[] logs = files[1..];
        bool writable = random.Next(2) == 0;
        var options = new RegistryOpenOptions { Writable = writable, UtcNow = () => Time, WriteLog = writable && logs.Length > 0 && random.Next(2) == 0 };
        using (var hive = RegistryHive.Open(files[0], logs, options))
        {
            Visit(hive, random);
            if (!writable)
            {
                return;
            }

            Change(hive, random);
            hive.Commit();
        }

        using var fresh = RegistryHive.Open(files[0], logs, new RegistryOpenOptions());
        Visit(fresh, random);
    }

    /// <summary>Makes a base block's checksum right.</summary>
    protected static void RepairBlock(FuzzFile file)
    {
        if (file.Length >= 512)
        {
            file.WriteAt(0, new HiveBaseBlock(file.Read(0, 512)).Seal());
        }
    }

    private static void Visit(RegistryHive hive, Random random)
    {
        // A damaged part must not hide the rest from being tried.
        Allow(() => Walk(hive));
        Allow(() => Count(hive.Root));
        Allow(() => hive.Find($@"Key{random.Next(6)}\Sub {random.Next(24)}")?.FindValue("value"));
        Allow(() => hive.Find($@"Wide\{random.Next(1100):D4}"));
        Allow(() => hive.Find("Key2")?.FindValue("big"));
    }

    private static void Allow(Action part)
    {
        try
        {
            part();
        }
        catch (VmUpdateException)
        {
            return;
        }
    }

    private static void Walk(RegistryHive hive)
    {
        RegistryWalker walker = hive.Walk();
        while (walker.Read())
        {
            _ = walker.Name.Length;
            if (walker.IsValue)
            {
                _ = walker.Data.Length;
            }
        }
    }

    private static int Count(RegistryKey key)
    {
        _ = key.Name;
        _ = key.ClassName;
        _ = key.LastWritten;
        _ = key.GetSecurityDescriptor();
        return key.Values.Count() + key.SubKeys.Sum(Count);
    }

    private static void Change(RegistryHive hive, Random random)
    {
        for (int i = 0; i < 6; i++)
        {
            string path = random.Next(2) == 0 ? $"Key{random.Next(6)}" : $@"Key{random.Next(6)}\Sub {random.Next(24)}";
            switch (random.Next(6))
            {
                case 0:
                    hive.Create(path).SetValue(random.Next(2) == 0 ? "value" : "other", 3, new byte[random.Next(hive.MinorVersion >= 4 ? 40000 : 16000)]);
                    break;
                case 1:
                    hive.Find(path)?.DeleteValue("value");
                    break;
                case 2:
                    hive.Root.DeleteSubKey($"Key{random.Next(6)}");
                    break;
                case 3:
                    hive.Create(path + $@"\deep{random.Next(3)}").SetClassName("made");
                    break;
                case 4:
                    hive.Create("Wide").DeleteSubKey($"{random.Next(1100):D4}");
                    hive.Create("Wide").CreateSubKey($"x{random.Next(1100):D4}");
                    break;
                default:
                    byte[] descriptor = hive.Root.GetSecurityDescriptor();
                    if (descriptor.Length >= 20)
                    {
                        descriptor[^1] ^= 1;
                        hive.Create(path).SetSecurityDescriptor(descriptor);
                    }

                    break;
            }
        }
    }
}
