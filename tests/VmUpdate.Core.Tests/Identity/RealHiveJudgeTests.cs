using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Tests.Identity.Support;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Registry;
using VmUpdate.Simulation.Disks;
using VmUpdate.Simulation.Files;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.Core.Tests.Identity;

/// <summary>Hives of real machines: every item of the catalogue in them is what hivex reads there.</summary>
public sealed class RealHiveJudgeTests
{
    private const string Whole = "*";

    [Theory]
    [InlineData("regipy/SYSTEM", 400)]
    [InlineData("regipy/SYSTEM_WIN_10_1709", 400)]
    [InlineData("plaso/SYSTEM", 400)]
    public void What_the_items_mean_in_real_hives_is_what_hivex_reads(string system, int least)
    {
        Judges.Require(Judges.Python);
        Judges.Require(Judges.Run(Judges.Python, "-c", "import hivex").ExitCode == 0, "The Python module hivex is not installed.");
        using var folder = new TempFolder();
        (string Name, string Source)[] hives =
            [("SYSTEM", system), ("SOFTWARE", "plaso/SOFTWARE"), ("SAM", "regipy/SAM"), ("SECURITY", "regipy/SECURITY")];
        var builder = new WindowsDiskBuilder("PC7") { Size = 160 << 20 };
        foreach ((string name, string source) in hives)
        {
            byte[] bytes = Corpora.Read($"hives/{source}.gz");
            File.WriteAllBytes(folder.File(name), bytes);
            builder.Volume(volume =>
            {
                using IBlockFile hive = volume.OpenStream(GuestPath.Parse(@"Windows\System32\config\" + name), writable: true);
                hive.SetLength(bytes.Length);
                hive.WriteAt(0, bytes);
            });
        }

        MemoryDisk built = builder.Build();
        using GuestDisk disk = SwapOfIdentity.Open(built, "disk");
        List<IdentityItem> items = IdentityCatalogue.LoadBuiltIn().Sets.SelectMany(set => set.Items)
            .Where(item => item is { Counts: ItemCounts.Always, Having: "" }
                && item.Kind is IdentityItemKind.RegistryValue or IdentityItemKind.RegistryKey or IdentityItemKind.LsaSecret)
            .ToList();
        File.WriteAllLines(folder.File("items"), items.Select(item => string.Join(
            '\t', item.Hive.ToString().ToUpperInvariant(), item.Key, item.Kind == IdentityItemKind.RegistryValue ? item.Value : Whole)));

        List<string> ours = items.SelectMany(item => Lines(disk, item)).Distinct().Order(StringComparer.Ordinal).ToList();
        (int exitCode, string output) = Judges.Run(Judges.Python, ScriptPath(), folder.Path, folder.File("items"));

        Assert.True(exitCode == 0, output);
        Assert.Equal(output.Split('\n').Select(line => line.TrimEnd('\r')).Where(line => line.Length > 0).Order(StringComparer.Ordinal), ours);
        Assert.InRange(ours.Count, least, int.MaxValue);
        Assert.StartsWith("S-1-5-21-", disk.MachineSid!.ToString(), StringComparison.Ordinal);
    }

    private static IEnumerable<string> Lines(GuestDisk disk, IdentityItem item)
    {
        foreach (Place place in SetPlaces.Find(disk, item, []))
        {
            string path = disk.ResolveKey(item.Hive, place.Path);
            RegistryKey key = disk.OpenHive(item.Hive).Find(path)!;
            IEnumerable<string> lines = place.Kind == ManifestItemKind.Value
                ? [Line(item.Hive, path, key.FindValue(place.Name)!)]
                : Below(item.Hive, path, key);
            foreach (string line in lines)
            {
                yield return line;
            }
        }
    }

    private static IEnumerable<string> Below(HiveName hive, string path, RegistryKey key) => key.Values.Select(value => Line(hive, path, value))
        .Concat(key.SubKeys.SelectMany(sub => Below(hive, $"{path}\\{sub.Name}", sub)));

    private static string Line(HiveName hive, string path, RegistryValue value) => string.Join(
        '\t', hive, path, value.Name, value.Type.ToString("x", System.Globalization.CultureInfo.InvariantCulture), Convert.ToHexString(SHA256.HashData(value.Data)))
        .ToLowerInvariant();

    private static string ScriptPath([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "Support", "hive_items.py");
}
