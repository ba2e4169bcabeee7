using VmUpdate.PowerShell.Tests.Support;

namespace VmUpdate.PowerShell.Tests;

/// <summary>Sets of identity that an administrator adds or puts in the place of shipped ones.</summary>
public sealed class CatalogueTests
{
    private const string Mine = """
        {
          "set": "mine", "title": "Mine", "reason": "Ours.", "old": "carry", "master": "strip", "certainty": "R", "source": "us",
          "items": [
            { "kind": "registry-value", "hive": "SOFTWARE", "key": "Microsoft\\Cryptography", "value": "MachineGuid", "name": "guid" }
          ]
        }
        """;

    [Fact]
    public void A_set_of_ones_own_is_found_in_a_file_or_a_folder_and_shown_beside_the_shipped_ones()
    {
        using var lab = new Lab(pooled: 2);
        string sets = Directory.CreateDirectory(Path.Combine(lab.Beside, "sets")).FullName;
        File.WriteAllText(Path.Combine(sets, "mine.json"), Mine);
        File.WriteAllText(Path.Combine(sets, "readme.txt"), "not a set");
        File.WriteAllText(Path.Combine(sets, "my.schema.json"), "not a set either");

        foreach (string path in new[] { sets, Path.Combine(sets, "mine.json") })
        {
            RunResult found = lab.RunWell("Get-VmIdentity $1 -CataloguePath $2", lab.OldMaster, path);
            Assert.Contains("mine", found.All("SetName"));
            Assert.Contains("computer-name", found.All("SetName"));
        }

        RunResult test = lab.RunWell("Test-PooledVmImage PC-01 -MasterPath $1 -CataloguePath $2 | ForEach-Object { $_.Carried }", lab.NewMaster, sets);
        Assert.Contains("mine", test.Output.Select(set => set.ToString()));
        Assert.DoesNotContain("mine", lab.RunWell("Get-VmIdentity $1", lab.OldMaster).All("SetName"));
    }

    [Fact]
    public void A_set_of_ones_own_goes_through_an_export()
    {
        using var lab = new Lab(pooled: 2);
        string sets = Path.Combine(lab.Beside, "mine.json");
        File.WriteAllText(sets, Mine);
        string disk = Path.Combine(lab.Beside, "new.vhdx");
        RunResult import = lab.RunWell(
            "$with = @{ Passphrase = $1; CataloguePath = $2 }; Export-VmIdentity PC-01 $3 @with | Import-VmIdentity -Name PC-01 -MasterPath $4 -DiskPath $5 @with",
            IdentityExchangeCmdletTests.Passphrase,
            sets,
            lab.Beside,
            lab.NewMaster,
            disk);
        Assert.Contains("mine", $"{import.Single.Properties["SetsCarried"].Value}", StringComparison.Ordinal);
        const string read = "Get-VmIdentity $1 -CataloguePath $2 | Where-Object SetName -eq mine | ForEach-Object Fingerprint";
        Assert.Equal($"{lab.RunWell(read, lab.DiskOf("PC-01"), sets).Single}", $"{lab.RunWell(read, disk, sets).Single}");
    }

    [Theory]
    [InlineData("\"items\"", "\"itmes\"", "unknown")]
    [InlineData("\"source\": \"us\",", "\"source\": \"us\", \"dependsOn\": [\"mine\"],", "circle")]
    [InlineData("\"source\": \"us\",", "\"source\": \"us\", \"dependsOn\": [\"nobody\"],", "is not in the catalogue")]
    [InlineData("\"kind\": \"registry-value\", \"hive\": \"SOFTWARE\", \"key\": \"Microsoft\\\\Cryptography\", \"value\": \"MachineGuid\"", "\"kind\": \"file\", \"path\": \"..\\\\..\\\\etc\\\\passwd\"", "'..' is not a name")]
    [InlineData("\"kind\": \"registry-value\", \"hive\": \"SOFTWARE\", \"key\": \"Microsoft\\\\Cryptography\", \"value\": \"MachineGuid\"", "\"kind\": \"file\", \"path\": \"D:\\\\data\"", "")]
    public void A_bad_file_ends_the_command_with_its_line_and_changes_nothing(string sound, string bad, string reason)
    {
        using var lab = new Lab(pooled: 2);
        string file = Path.Combine(lab.Beside, "mine.json");
        File.WriteAllText(file, Mine.Replace(sound, bad, StringComparison.Ordinal));
        SortedDictionary<string, string> before = lab.Hashes(withStore: false);

        RunResult result = lab.Run("Update-PooledVmImage PC-01 -MasterPath $1 -CataloguePath $2 -Force", lab.NewMaster, file);

        Assert.Equal(["IdentityCatalogueInvalid"], result.ErrorIds);
        string message = result.Errors.Single().Exception.Message;
        Assert.Matches("mine\\.json: line [0-9]+: ", message);
        Assert.Contains(reason, message, StringComparison.Ordinal);
        Assert.Equal(before, lab.Hashes(withStore: false));
    }

    [Fact]
    public void A_file_that_is_not_there_is_one_error()
    {
        using var lab = new Lab(pooled: 2);

        Assert.Equal(["HostFileNotFound"], lab.Run("Get-VmIdentity $1 -CataloguePath ./none.json", lab.OldMaster).ErrorIds);
        Assert.Equal(["HostFileNotFound"], lab.Run("Test-PooledVmImage PC-01 -CataloguePath ./none", lab.OldMaster).ErrorIds);
    }
}
