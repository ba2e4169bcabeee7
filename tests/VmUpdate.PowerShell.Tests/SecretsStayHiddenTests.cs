using System.Net;
using VmUpdate.PowerShell.Tests.Support;
using VmUpdate.Simulation.Support;

namespace VmUpdate.PowerShell.Tests;

/// <summary>
/// Whole runs of the cmdlets on disks with planted secrets, with -Verbose and -Debug: what is written to any stream, shown, transcribed,
/// kept in the store or left in temporary folders is looked through.
/// </summary>
public sealed class SecretsStayHiddenTests
{
    private const string Passphrase = "correct horse battery";

    private const string Script =
        """
        param($Folder, [switch] $OnlyWhatSucceeds)
        $ErrorActionPreference = 'Continue'; $VerbosePreference = 'Continue'; $DebugPreference = 'Continue'
        $lab = New-VmUpdateLab -Path "$Folder/lab" -PooledVmCount 0
        $null = $lab | Connect-VmUpdateHost
        $always = @{ Verbose = $true; Debug = $true; WarningAction = 'Continue'; ErrorAction = 'Continue' } # -Debug alone would ask
        New-VmUpdateLabMachine -LabPath $lab.LabPath -Name PC7 -DiskPath "$Folder/old.vhdx" -Pool P @always
        Get-VmIdentity "$Folder/old.vhdx" @always
        Test-PooledVmImage PC7 "$Folder/master.vhdx" @always
        Update-PooledVmImage PC7 "$Folder/master.vhdx" -Force @always
        $export = Export-VmIdentity PC7 "$Folder/exports" -Passphrase $passphrase @always
        $export
        if (-not $OnlyWhatSucceeds) {
            Import-VmIdentity $export.Path PC7 -MasterPath "$Folder/master.vhdx" -DiskPath "$Folder/refused.vhdx" -Passphrase $passphrase @always
            Update-PooledVmImage PC7 "$Folder/none.vhdx" -Force @always
        }
        Import-VmIdentity $export.Path PC7 -MasterPath "$Folder/master.vhdx" -DiskPath "$Folder/new.vhdx" -ExcludeSet domain-trust, dpapi-system, configmgr -Passphrase $passphrase @always
        Get-VmIdentity "$Folder/new.vhdx" @always
        Restore-PooledVmImage PC7 -Force @always
        Export-VmIdentity PC7 "$Folder/exports" -Revision 1 -Passphrase $passphrase @always
        New-VmIdentityStoreKey @always
        foreach ($failure in $Error) { "$failure"; $failure.FullyQualifiedErrorId; $failure.Exception.ToString(); $failure.ScriptStackTrace; $failure.CategoryInfo; $failure.TargetObject }
        'the end'
        """;

    [Fact]
    public void No_stream_no_transcript_and_no_file_of_a_run_holds_a_secret()
    {
        using var folder = new TestFolder();
        SecretSearch search = Prepare(folder);
        search.Add("the passphrase", System.Text.Encoding.UTF8.GetBytes(Passphrase));
        search.Add("the passphrase", System.Text.Encoding.Unicode.GetBytes(Passphrase));
        using var engine = new Engine();
        string transcript = folder.PathOf("transcript.txt");
        string script = folder.PathOf("run.ps1");
        File.WriteAllText(script, Script);
        engine.RunWell("$passphrase = $1", new NetworkCredential(string.Empty, Passphrase).SecurePassword);
        Transcribe(engine, "StartTranscribing", $"'{transcript}', $null, $true, $false");

        RunResult result = engine.Run("& $1 -Folder $2 -OnlyWhatSucceeds *>&1 | ForEach-Object { $_; foreach ($p in $_.PSObject.Properties) { \"$($p.Name) = $($p.Value)\" } } | Out-Host", script, folder.Path);
        Transcribe(engine, "StopTranscribing", string.Empty);

        string shown = engine.Host.Screen.TakeText();
        string text = File.ReadAllText(transcript);
        Assert.Empty(result.Errors); // this engine alone cannot transcribe one; the process below shows some
        foreach (string part in new[] { "PC7: Committed", "PC7.r1.", "MachineSecretSet", "the end" })
        {
            Assert.Contains(part, text, StringComparison.Ordinal); // what is transcribed is not shown as well
        }

        Assert.Empty(Find(search, shown));
        Assert.Empty(Find(search, text));
        Assert.Empty(search.FindInFolder(folder.Path));
    }

    [Fact]
    public void A_leak_in_a_stream_is_found()
    {
        using var folder = new TestFolder();
        SecretSearch search = Prepare(folder);
        byte[] secret = Convert.FromHexString(Secrets[0].Split('=')[1]);
        using var engine = new Engine();
        Transcribe(engine, "StartTranscribing", $"'{folder.PathOf("transcript.txt")}', $null, $true, $false");
        engine.RunWell("\"key $1\" | Out-Host", Convert.ToHexStringLower(secret));
        Transcribe(engine, "StopTranscribing", string.Empty);

        Assert.NotEmpty(Find(search, File.ReadAllText(folder.PathOf("transcript.txt"))));
    }

    [Fact]
    public void A_process_of_its_own_says_none_and_leaves_none_in_its_temporary_folder()
    {
        using var folder = new TestFolder();
        SecretSearch search = Prepare(folder);
        string temporary = Directory.CreateDirectory(folder.PathOf("tmp")).FullName;
        string script = folder.PathOf("run.ps1");
        File.WriteAllText(script, Script.Replace(
            "$lab = New", $"$passphrase = [Net.NetworkCredential]::new('', '{Passphrase}').SecurePassword\n$lab = New", StringComparison.Ordinal));

        (int code, string output, string error) = ShellProcess.Run([script, "-Folder", folder.Path], temporary: temporary);

        Assert.Equal(1, code); // errors were shown, as the script asks for them
        Assert.Contains("the end", output, StringComparison.Ordinal);
        Assert.Contains("NewerDiskExists", output + error, StringComparison.Ordinal);
        Assert.Empty(Find(search, output + error));
        Assert.Empty(search.FindInFolder(folder.Path));
    }

    // A screen breaks long lines, and indents what follows.
    private static IReadOnlyList<string> Find(SecretSearch search, string text) =>
        [.. search.Find(text), .. search.Find(string.Concat(text.Where(part => !char.IsWhiteSpace(part))))];

    private string[] Secrets { get; set; } = [];

    private SecretSearch Prepare(TestFolder folder)
    {
        ShellProcess.MakeSealedDisks(folder.Path);
        string list = folder.PathOf("secrets.txt");
        Secrets = File.ReadAllLines(list);
        File.Delete(list);
        var search = new SecretSearch();
        foreach (string[] line in Secrets.Select(line => line.Split('=')))
        {
            search.Add(line[0], Convert.FromHexString(line[1]));
        }

        Assert.Equal(11, Secrets.Length);
        return search;
    }

    /// <summary>What Start-Transcript does; that cmdlet is not in the engine alone.</summary>
    private static void Transcribe(Engine engine, string method, string arguments) => engine.RunWell(
        $"$null = $Host.UI.GetType().GetMethod('{method}', [Reflection.BindingFlags]'Instance, NonPublic').Invoke($Host.UI, @({arguments}))");
}
