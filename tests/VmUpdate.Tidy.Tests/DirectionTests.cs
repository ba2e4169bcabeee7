using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace VmUpdate.Tidy.Tests;

/// <summary>Who may know whom. A reference the other way round is a design that came apart.</summary>
public sealed partial class DirectionTests
{
    private static readonly Dictionary<string, string[]> MayReference = new()
    {
        ["VmUpdate.DiskFormats"] = [],
        ["VmUpdate.GuestProtocol"] = [],
        ["VmUpdate.Core"] = ["VmUpdate.DiskFormats", "VmUpdate.GuestProtocol"],
        ["VmUpdate.Lab"] = ["VmUpdate.Core"],
        ["VmUpdate.Libvirt"] = ["VmUpdate.Core"],
        ["VmUpdate.GuestAgent"] = ["VmUpdate.GuestProtocol"],
        ["VmUpdate.HyperV"] = ["VmUpdate.Core"],
        ["VmUpdate.HelpBuilder"] = [],
        ["VmUpdate.PowerShell"] = ["VmUpdate.Core", "VmUpdate.Lab", "VmUpdate.Libvirt", "VmUpdate.HyperV", "VmUpdate.HelpBuilder", "VmUpdate.GuestAgent"],
        ["VmUpdate.Shell"] = ["VmUpdate.PowerShell"],
    };

    /// <summary>Core's folders, and what each may use of the others; itself always.</summary>
    private static readonly Dictionary<string, string[]> MayUse = new()
    {
        ["Machines"] = [],
        ["Tasks"] = ["Machines"],
        ["Guests"] = ["Machines", "Tasks"],
        ["Broker"] = ["Machines", "Tasks", "Guests", "Store"],
        ["Identity"] = ["Machines", "Store"],
        ["Store"] = ["Machines"], // what it keeps for the broker is read and written there
        ["Images"] = ["Machines", "Identity", "Store"],
        ["Versions"] = ["Machines", "Tasks", "Broker", "Identity", "Store", "Images"],
    };

    public static TheoryData<string> Projects =>
        [.. Repository.Files.Where(path => path.StartsWith("src/", StringComparison.Ordinal) && path.EndsWith(".csproj", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_references_only_those_below_it(string project)
    {
        string name = Path.GetFileNameWithoutExtension(project);
        Assert.True(MayReference.TryGetValue(name, out string[]? allowed), $"{name} is new: say here what it may reference.");
        IEnumerable<string> references = XDocument.Parse(Repository.Read(project)).Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension(((string)reference.Attribute("Include")!).Replace('\\', '/')));
        Assert.All(references, reference => Assert.Contains(reference, allowed));
    }

    [Fact]
    public void A_folder_of_Core_uses_only_those_below_it()
    {
        const string core = "src/VmUpdate.Core/";
        foreach (string path in Repository.Sources(core))
        {
            string folder = path[core.Length..].Split('/')[0];
            if (folder.EndsWith(".cs", StringComparison.Ordinal))
            {
                continue;
            }

            Assert.True(MayUse.TryGetValue(folder, out string[]? allowed), $"{folder} is new: say here what it may use.");
            foreach (Match use in CoreNamespace().Matches(Repository.Read(path)))
            {
                string used = use.Groups[1].Value;
                Assert.True(
                    used == folder || !MayUse.ContainsKey(used) || allowed.Contains(used), $"{path} uses VmUpdate.Core.{used}, which is above {folder}.");
            }
        }
    }

    [Fact]
    public void Only_the_cmdlets_and_what_runs_them_know_PowerShell()
    {
        string[] know = ["src/VmUpdate.PowerShell/", "src/VmUpdate.Shell/", "src/VmUpdate.HelpBuilder/"];
        IEnumerable<string> others = Repository.Sources("src/").Where(path => !know.Any(folder => path.StartsWith(folder, StringComparison.Ordinal)));
        Assert.All(others, path => Assert.DoesNotContain("System.Management.Automation", Repository.Read(path), StringComparison.Ordinal));
    }

    [GeneratedRegex(@"VmUpdate\.Core\.(\w+)")]
    private static partial Regex CoreNamespace();
}
