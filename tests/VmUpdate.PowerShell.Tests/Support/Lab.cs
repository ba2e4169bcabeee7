using System.Management.Automation;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace VmUpdate.PowerShell.Tests.Support;

/// <summary>A lab of one test's own, in a folder that goes with it, and an engine that is connected to it.</summary>
internal sealed class Lab : IDisposable
{
    private readonly TestFolder _folder;
    private readonly bool _isFolderOurs;

    /// <summary>Makes a lab. Of its pooled machines the last one has a checkpoint.</summary>
    internal Lab(int pooled = 2, int personal = 0, bool connected = true)
    {
        _folder = new TestFolder();
        _isFolderOurs = true;
        Engine = new Engine();
        Path = _folder.PathOf("lab");
        PSObject made = Engine.RunWell("$lab = New-VmUpdateLab -Path $1 -PooledVmCount $2 -PersonalVmCount $3; $lab", Path, pooled, personal).Single;
        OldMaster = $"{made.Properties["OldMasterPath"].Value}";
        NewMaster = $"{made.Properties["NewMasterPath"].Value}";
        if (connected)
        {
            Engine.RunWell("$null = Connect-VmUpdateHost -LabPath $1", Path);
        }
    }

    private Lab(Lab made, object description)
    {
        _folder = made._folder;
        Engine = new Engine();
        Path = made.Path;
        OldMaster = made.OldMaster;
        NewMaster = made.NewMaster;
        Engine.RunWell("$lab = $1; $null = $lab | Connect-VmUpdateHost", description);
    }

    internal Engine Engine { get; }

    /// <summary>The lab's folder.</summary>
    internal string Path { get; }

    /// <summary>The test's own folder, beside the lab.</summary>
    internal string Beside => _folder.Path;

    internal string OldMaster { get; }

    internal string NewMaster { get; }

    /// <summary>The name of the machine that is refused.</summary>
    internal static string Refused(int pooled) => $"PC-{pooled:00}";

    public void Dispose()
    {
        Engine.Dispose();
        if (_isFolderOurs)
        {
            _folder.Dispose();
        }
    }

    /// <summary>The same lab, with another engine that is connected to it.</summary>
    internal Lab Reopen() => new(this, RunWell("$lab").Single);

    internal RunResult Run(string script, params object[] values) => Engine.Run(script, values);

    internal RunResult RunWell(string script, params object[] values) => Engine.RunWell(script, values);

    /// <summary>Every file of the lab with a hash of what is in it; the store's own files left out where they are only opened.</summary>
    internal SortedDictionary<string, string> Hashes(bool withStore = true)
    {
        var hashes = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (string file in Directory.EnumerateFiles(Path, "*", SearchOption.AllDirectories))
        {
            string name = System.IO.Path.GetRelativePath(Path, file);
            if (withStore || !name.StartsWith("store", StringComparison.Ordinal))
            {
                hashes.Add(name, Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file))));
            }
        }

        return hashes;
    }

    internal string DiskOf(string machine) => $"{RunWell("Get-PooledVmImage -Name $1", machine).Single.Properties["DiskPath"].Value}";

    /// <summary>Changes a machine's record, as somebody who works past VmUpdate would change the machine.</summary>
    internal void Change(string machine, string property, string json)
    {
        string id = $"{RunWell("Get-VmUpdateMachine $1", machine).Single.Properties["VMId"].Value}".Replace("-", string.Empty, StringComparison.Ordinal);
        string file = System.IO.Path.Combine(Path, "machines", id + ".json");
        JsonObject record = JsonNode.Parse(File.ReadAllText(file))!.AsObject();
        record[property] = JsonNode.Parse(json);
        File.WriteAllText(file, record.ToJsonString());
    }
}
