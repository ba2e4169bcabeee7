using System.Management.Automation;
using System.Security;
using System.Security.Cryptography.X509Certificates;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.PowerShell.Completion;
using VmUpdate.PowerShell.Hosts;
using VmUpdate.PowerShell.Output;

namespace VmUpdate.PowerShell.Commands;

/// <summary>Writes what makes a machine this machine to a file, sealed under a certificate or a passphrase.</summary>
/// <remarks>
/// <para>
/// The file holds all that a swap could carry but users' files: for the day when a machine's disk is lost, or to move the machine to another
/// host. Import-VmIdentity puts it onto a new disk, a child of whatever master. Secrets are in it as they lie on the disk, with the
/// disk's own keys, so whoever opens the file could take the machine's place in its domain: there is no export without a certificate or a
/// passphrase.
/// </para>
/// <para>
/// A machine must be off. The disk is opened for reading only. The machine's secret in its domain changes every 30 days, so an export ages:
/// make one regularly, or before work that may go wrong.
/// </para>
/// <para>
/// Under a passphrase the file's key is made by PBKDF2 with HMAC-SHA-256 and 600,000 rounds; under a certificate it is encrypted with the
/// certificate's RSA key (OAEP). The contents are sealed with AES-256 and HMAC-SHA-256.
/// </para>
/// </remarks>
/// <example>
/// Exports one machine's identity under a passphrase.
/// <code>$passphrase = Read-Host -AsSecureString; Export-VmIdentity -Name PC-01 -DestinationPath ./exports -Passphrase $passphrase</code>
/// </example>
/// <example>
/// Exports all machines of a pool that are off, under a certificate whose private key need not be on this host.
/// <code>Get-VmUpdateMachine | Where-Object { $_.Pool -eq 'LabPool' -and $_.State -eq 'Off' } | Export-VmIdentity -DestinationPath ./exports -Certificate (Get-Item Cert:\LocalMachine\My\7B0F3A)</code>
/// </example>
/// <example>
/// Exports what was kept when a machine was moved from its first known disk, for the day that old disk cannot be read.
/// <code>Export-VmIdentity -Name PC-03 -Revision 1 -DestinationPath ./exports -Passphrase (Read-Host -AsSecureString)</code>
/// </example>
/// <error id="ProtectionNotNamed">neither a certificate nor a passphrase was named, or both.</error>
/// <error id="IdentityPassphraseTooShort">the passphrase has fewer than 12 characters.</error>
/// <error id="IdentityCertificateUnusable">the certificate has no RSA key of at least 2048 bits, or one that is not for encryption.</error>
/// <error id="VmNotFound">the host has no such machine.</error>
/// <error id="VmBusy">the machine is not off.</error>
/// <error id="HostFileInUse">another program holds the disk.</error>
/// <error id="IdentitySecretUnreadable">a secret does not open under the disk's own keys: see -ExcludeSet.</error>
/// <error id="IdentityBundleNotFound">no identity is kept from the disk of that revision.</error>
[Cmdlet(VerbsData.Export, "VmIdentity", DefaultParameterSetName = ByMachine, SupportsShouldProcess = true)]
[OutputType(typeof(VmIdentityExport))]
public sealed class ExportVmIdentityCommand : MachineCmdlet
{
    private const string ByDisk = "Disk";

    private readonly List<string> _disks = [];

    /// <summary>Disks that are attached to no machine: VHDX files. No host need be connected for them.</summary>
    [Parameter(ParameterSetName = ByDisk, Mandatory = true)]
    [ValidateNotNullOrEmpty]
    public string[] DiskPath { get; set; } = [];

    /// <summary>
    /// Exports what was kept when the machine was moved from its disk of this number, not what its present disk holds. It is kept as long as
    /// that disk.
    /// </summary>
    [Parameter(ParameterSetName = ByMachine)]
    [ValidateRange(1, int.MaxValue)]
    public int? Revision { get; set; }

    /// <summary>The folder that the files are put into; it is made when it is absent. Each gets a name of machine and time.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ValidateNotNullOrEmpty]
    public string DestinationPath { get; set; } = string.Empty;

    /// <summary>The certificate to seal under: one for document or key encryption, with an RSA key. Its private key opens the file.</summary>
    [Parameter]
    [ValidateNotNull]
    public X509Certificate2? Certificate { get; set; }

    /// <summary>The passphrase to seal under, at least 12 characters.</summary>
    [Parameter]
    [ValidateNotNull]
    public SecureString? Passphrase { get; set; }

    /// <summary>Sets of identity that are left out: their ids, as Get-VmIdentity shows them.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SetIdCompleter))]
    public string[] ExcludeSet { get; set; } = [];

    /// <summary>
    /// Files of your own that say what counts as identity, or folders of such files (*.json): each adds a set, or takes the place of the
    /// shipped one of the same id. Import-VmIdentity needs them, too.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[]? CataloguePath { get; set; }

    /// <summary>Folders outside a disk's own volume or share from which its parents may come.</summary>
    [Parameter(ParameterSetName = ByDisk)]
    [ValidateNotNullOrEmpty]
    public string[] AllowedParentFolder { get; set; } = [];

    /// <inheritdoc/>
    private protected override bool NeedsHost => !MyInvocation.BoundParameters.ContainsKey(nameof(DiskPath));

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == ByDisk)
        {
            _disks.AddRange(DiskPath.Select(ResolvePath));
        }
        else
        {
            base.ProcessRecord();
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        string folder = ResolvePath(DestinationPath);
        IdentityCatalogue catalogue = LoadCatalogue(CataloguePath);
        using ExportKey key = ForAllTargets(folder, () => ExportKeys.ToSeal(this, Certificate, Passphrase));
        foreach (string disk in _disks)
        {
            var files = new LocalDisks { Catalogue = catalogue, AllowedParentFolders = [.. AllowedParentFolder.Select(ResolvePath)] };
            Export(disk, folder, _ => Task.FromResult(IdentityExchange.ExportDisk(disk, folder, key, ExcludeSet, files)));
        }

        foreach ((string name, VmSelection machine) in Names.Select(name => (name, VmSelection.ByName(name)))
            .Concat(Ids.Select(id => (id.ToString(), VmSelection.ById(id)))))
        {
            Export(name, folder, stop => Revision is { } revision
                ? Connection.ExchangeBy(catalogue).ExportKeptAsync(machine, revision, folder, key, ExcludeSet, stop)
                : Connection.ExchangeBy(catalogue).ExportAsync(machine, folder, key, ExcludeSet, stop));
        }
    }

    private void Export(string what, string folder, Func<CancellationToken, Task<IdentityExportResult>> work) => ForEachTarget(what, () =>
    {
        if (ShouldProcess(what, $"Export its identity into '{folder}'"))
        {
            WriteObject(new VmIdentityExport(AwaitShown("Exporting identities", (show, stop) =>
            {
                show(what, -1);
                return Task.Run(() => work(stop), stop);
            })));
        }
    });
}
