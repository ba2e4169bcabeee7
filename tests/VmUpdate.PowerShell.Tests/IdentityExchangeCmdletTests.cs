using System.Management.Automation;
using System.Net;
using System.Security;
using System.Security.Cryptography.X509Certificates;
using VmUpdate.PowerShell.Tests.Support;

namespace VmUpdate.PowerShell.Tests;

public sealed class IdentityExchangeCmdletTests
{
    internal static readonly SecureString Passphrase = Secure("correct horse battery");

    private static readonly (string Script, string Id)[] Refused =
    [
        ("Export-VmIdentity PC-01 $to", "ProtectionNotNamed"),
        ("Export-VmIdentity PC-01 $to -Passphrase $good -Certificate $certificate", "ProtectionNotNamed"),
        ("Export-VmIdentity PC-01 $to -Passphrase $short", "IdentityPassphraseTooShort"),
        ("Export-VmIdentity PC-01 $to -Certificate $signing", "IdentityCertificateUnusable"),
        ("Export-VmIdentity PC-77 $to -Passphrase $good", "VmNotFound"),
        ("Export-VmIdentity PC-02 $to -Passphrase $good", "VmBusy"),
        ("Export-VmIdentity * $to -Passphrase $good", "WildcardsNotAllowed"),
        ("Export-VmIdentity PC-01 $to -Passphrase $good -Revision 3", "IdentityBundleNotFound"),
        ("Export-VmIdentity -DiskPath none.vhdx $to -Passphrase $good", "HostFileNotFound"),
        ("Import-VmIdentity $file PC-01 -DiskPath $new -Passphrase $wrong", "IdentityBundleWrongKey"),
        ("Import-VmIdentity $file PC-01 -DiskPath $new -Certificate $certificate", "IdentityBundleWrongKey"),
        ("Import-VmIdentity $file PC-01 -DiskPath $new", "IdentityBundleWrongKey"),
        ("Import-VmIdentity $damaged PC-01 -DiskPath $new -Passphrase $good", "IdentityBundleDamaged"),
        ("Import-VmIdentity $newer PC-01 -DiskPath $new -Passphrase $good", "IdentityBundleNewerVersion"),
        ("Import-VmIdentity $disk PC-01 -DiskPath $new -Passphrase $good", "IdentityBundleDamaged"),
        ("Import-VmIdentity none.vmid PC-01 -DiskPath $new -Passphrase $good", "HostFileNotFound"),
        ("Import-VmIdentity $file PC-02 -DiskPath $new -Passphrase $good", "IdentityBundleForeign"),
        ("Import-VmIdentity $file PC-77 -DiskPath $new -Passphrase $good", "VmNotFound"),
        ("Import-VmIdentity $file PC-* -DiskPath $new -Passphrase $good", "WildcardsNotAllowed"),
        ("Import-VmIdentity $file PC-01 -DiskPath $disk -Passphrase $good", "HostFileAlreadyExists"),
        ("Import-VmIdentity $file PC-01 -DiskPath $new -MasterPath $disk -Passphrase $good", "MasterInUse"),
        ("Import-VmIdentity $file PC-01 -DiskPath $new -MasterPath none.vhdx -Passphrase $good", "HostFileNotFound"),
        ("Export-VmIdentity PC-01 $to -Passphrase $good -WhatIf", ""),
        ("Import-VmIdentity $file PC-01 -DiskPath $new -Passphrase $good -WhatIf", ""),
    ];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_exported_identity_is_on_the_new_disk(bool byCertificate)
    {
        using var lab = new Lab(pooled: 2);
        lab.RunWell(byCertificate ? "$with = @{ Certificate = $1 }" : "$with = @{ Passphrase = $1 }", byCertificate ? Certificates.Make() : Passphrase);
        const string read = "Get-VmIdentity -Path $1 | Where-Object { $_.Present -and $_.SetName -in 'computer-name', 'machine-guid', 'openssh-host-keys' } | ForEach-Object { \"$($_.Place)=$($_.Fingerprint)\" }";
        string[] before = [.. lab.RunWell(read, lab.DiskOf("PC-01")).Output.Select(line => line.ToString())];
        PSObject export = lab.RunWell("$export = Get-VmUpdateMachine PC-01 | Export-VmIdentity -DestinationPath $1 @with; $export", Path.Combine(lab.Beside, "exports")).Single;

        string disk = Path.Combine(lab.Beside, "new.vhdx");
        RunResult result = lab.RunWell("$export | Import-VmIdentity -Name PC-01 -MasterPath $1 -DiskPath $2 @with", lab.NewMaster, disk);
        result.AssertProgress("Importing identities", $"PC-01: '{disk}'");
        PSObject import = result.Single;

        Assert.Equal(before, lab.RunWell(read, disk).Output.Select(line => line.ToString()));
        Assert.Equal(("PC-01", "PC-01", disk), ($"{import.Properties["VMName"].Value}", $"{import.Properties["GuestName"].Value}", $"{import.Properties["DiskPath"].Value}"));
        Assert.Contains("computer-name", $"{import.Properties["SetsCarried"].Value}", StringComparison.Ordinal);
        Assert.Contains("machine-guid", $"{export.Properties["Sets"].Value}", StringComparison.Ordinal);
        Assert.All(export.Properties.Concat(import.Properties), property => Assert.DoesNotContain("System.", $"{property.Value}", StringComparison.Ordinal));
        Assert.Equal(before, lab.RunWell("$null = New-VmUpdateLabMachine -LabPath $2 -Name NEW -DiskPath $1; " + read, disk, lab.Path).Output.Select(line => line.ToString()));
    }

    [Fact]
    public void A_disk_of_no_machine_is_exported_without_a_host()
    {
        using var lab = new Lab(pooled: 1, connected: false);
        RunResult result = lab.RunWell("Export-VmIdentity -DiskPath $1 -DestinationPath $2 -Passphrase $3 -ExcludeSet tanium", lab.OldMaster, lab.Beside, Passphrase);
        result.AssertProgress("Exporting identities", lab.OldMaster);
        PSObject export = result.Single;
        Assert.True(File.Exists($"{export.Properties["Path"].Value}"));
        Assert.Contains("tanium", $"{export.Properties["SetsLeftOut"].Value}", StringComparison.Ordinal);
        Assert.Equal(["NotConnected"], lab.Run("Export-VmIdentity -Name PC-01 -DestinationPath $1 -Passphrase $2", lab.Beside, Passphrase).ErrorIds);
        Assert.Equal(["NotConnected"], lab.Run("Import-VmIdentity x.vmid PC-01 -DiskPath y.vhdx -Passphrase $1", Passphrase).ErrorIds);
    }

    [Fact]
    public void What_cannot_be_done_is_one_error_and_makes_no_file()
    {
        using var lab = new Lab(pooled: 2);
        lab.RunWell("$good = $1; $wrong = $2; $short = $3", Passphrase, Secure("incorrect horse battery"), Secure("horse"));
        lab.RunWell("$certificate = $1; $signing = $2", Certificates.Make(), Certificates.Make(X509KeyUsageFlags.DigitalSignature));
        lab.RunWell("$null = $ExecutionContext.SessionState.Path.SetLocation($1); $to = './more'; $new = './new.vhdx'", lab.Beside);
        string file = $"{lab.RunWell("$file = (Export-VmIdentity PC-01 ./exports -Passphrase $good).Path; $file").Single}";
        string damaged = Path.Combine(lab.Beside, "damaged.vmid");
        string newer = Path.Combine(lab.Beside, "newer.vmid");
        byte[] bytes = File.ReadAllBytes(file);
        File.WriteAllBytes(damaged, [.. bytes[..^1], (byte)(bytes[^1] ^ 1)]);
        File.WriteAllBytes(newer, [.. bytes[..8], 9, .. bytes[9..]]);
        lab.RunWell("$damaged = $1; $newer = $2; $disk = $3", damaged, newer, lab.DiskOf("PC-01"));
        string[] before = [.. Directory.GetFileSystemEntries(lab.Beside).Order()];

        foreach ((string script, string id) in Refused)
        {
            RunResult result = lab.Run(script);
            Assert.True(result.ErrorIds.SequenceEqual(id.Length == 0 ? [] : [id]), $"{script}: {string.Join(", ", result.Errors)}");
            Assert.Empty(result.Output);
            Assert.Equal(before, Directory.GetFileSystemEntries(lab.Beside).Where(entry => !entry.EndsWith("more", StringComparison.Ordinal)).Order());
        }
    }

    [Fact]
    public void What_a_swap_kept_is_exported_sealed_anew_and_gone_with_the_old_disk()
    {
        using var lab = new Lab(pooled: 2);
        lab.RunWell("Update-PooledVmImage -Name PC-01 -MasterPath $1 -Force", lab.NewMaster);
        PSObject key = lab.RunWell("New-VmIdentityStoreKey").Single;
        Assert.Equal((1, 1), (key.Properties["IdentitiesResealed"].Value, key.Properties["KeysRemoved"].Value));
        PSObject kept = lab.RunWell("Export-VmIdentity PC-01 $1 -Revision 1 -Passphrase $2", lab.Beside, Passphrase).Single;
        Assert.Contains("computer-name", $"{kept.Properties["Sets"].Value}", StringComparison.Ordinal);

        string identities = Path.Combine(lab.Path, "identities");
        string bundle = Assert.Single(Directory.GetFiles(identities, "*.vmidentity"));
        Assert.Equal(["IdentityBundleWrongKey"], lab.Run("Import-VmIdentity $1 PC-01 -DiskPath x.vhdx -Passphrase $2", bundle, Passphrase).ErrorIds);
        byte[] bytes = File.ReadAllBytes(bundle);
        File.WriteAllBytes(bundle, [.. bytes[..^1], (byte)(bytes[^1] ^ 1)]);
        RunResult damaged = lab.Run("New-VmIdentityStoreKey");
        Assert.Equal(["IdentityBundleDamaged"], damaged.ErrorIds);
        Assert.Equal(0, damaged.Single.Properties["KeysRemoved"].Value);
        File.Delete(Directory.GetFiles(identities, "*.key").Single(file => !file.Contains($"{damaged.Single.Properties["KeyId"].Value:N}", StringComparison.Ordinal)));
        Assert.Equal(["IdentityBundleWrongKey"], lab.Run("Export-VmIdentity PC-01 $1 -Revision 1 -Passphrase $2", lab.Beside, Passphrase).ErrorIds);

        lab.RunWell("Remove-PooledVmOldDisk -Name PC-01 -AllowBeforeTime -Force");
        Assert.Empty(Directory.GetFiles(identities, "*.vmidentity"));
    }

    [Fact]
    public void With_WhatIf_the_key_stays_and_in_memory_there_is_none()
    {
        using var lab = new Lab(pooled: 2);
        lab.RunWell("Update-PooledVmImage -Name PC-01 -MasterPath $1 -Force; New-VmIdentityStoreKey -WhatIf", lab.NewMaster);
        Assert.Single(Directory.GetFiles(Path.Combine(lab.Path, "identities"), "*.key"));
        lab.RunWell("$null = Connect-VmUpdateHost -LabPath $1 -IdentityStore Memory", lab.Path);
        Assert.Equal(["IdentityStoreNotWritable"], lab.Run("New-VmIdentityStoreKey").ErrorIds);
    }

    [Fact]
    public void A_set_is_left_out_on_the_way_back_too()
    {
        using var lab = new Lab(pooled: 2);
        lab.RunWell("Update-PooledVmImage -Name PC-01 -MasterPath $1 -Force", lab.NewMaster);
        Assert.Equal("Updated", Assert.Single(lab.RunWell("Restore-PooledVmImage PC-01 -ExcludeSet domain-trust, dpapi-system -Force").All("State")));
    }

    private static SecureString Secure(string text) => new NetworkCredential(string.Empty, text).SecurePassword;
}
