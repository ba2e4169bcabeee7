using System.Management.Automation;
using System.Security;
using System.Security.Cryptography.X509Certificates;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.PowerShell.Completion;
using VmUpdate.PowerShell.Errors;
using VmUpdate.PowerShell.Output;

namespace VmUpdate.PowerShell.Commands;

/// <summary>Makes a new disk for a machine, a child of a master, that holds an exported identity.</summary>
/// <remarks>
/// <para>
/// By the rules of a swap, with the exported file in the old disk's place: what is carried, sealed anew and removed from the master is the
/// same. The master is only read. No disk that there is is written to, and the new one is attached to nothing: attach it to the machine
/// when you are content with it.
/// </para>
/// <para>
/// What changes while a machine runs, its secret in the domain above all, is never brought back from an export while the machine has a
/// disk: that one is newer. Swap from it with Update-PooledVmImage, or leave the sets out that the error names. When the exported secret
/// is older than 30 days, a warning says so: the domain may know a newer one.
/// </para>
/// </remarks>
/// <example>
/// Makes a new disk for a machine whose disk is lost.
/// <code>$passphrase = Read-Host -AsSecureString
/// $export = Export-VmIdentity -Name PC-01 -DestinationPath ./exports -Passphrase $passphrase
/// Import-VmIdentity -Path $export.Path -Name PC-01 -MasterPath $lab.NewMasterPath -DiskPath ./PC-01.new.vhdx -Passphrase $passphrase</code>
/// </example>
/// <error id="ProtectionNotNamed">both a certificate and a passphrase were named.</error>
/// <error id="IdentityNewerDiskExists">the machine has a disk, which is newer than the export.</error>
/// <error id="IdentityBundleForeign">the export is of another machine: see -AllowOtherVM.</error>
/// <error id="IdentityBundleWrongKey">it was sealed under another passphrase or certificate.</error>
/// <error id="IdentityBundleDamaged">it was changed or damaged, or is no export.</error>
/// <error id="IdentityBundleNewerVersion">it was written by a newer version.</error>
/// <error id="HostFileAlreadyExists">there is a file at -DiskPath already.</error>
/// <error id="MasterInUse">the master is attached to a machine.</error>
/// <error id="NoMaster">no master was named, and the machine is in no pool that has one.</error>
/// <error id="VmNotFound">the host has no such machine.</error>
[Cmdlet(VerbsData.Import, "VmIdentity", DefaultParameterSetName = ByName, SupportsShouldProcess = true)]
[OutputType(typeof(VmIdentityImport))]
public sealed class ImportVmIdentityCommand : HostCmdlet
{
    private const string ByName = "Name";
    private const string ById = "Id";

    /// <summary>The exported file.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = string.Empty;

    /// <summary>The name of the virtual machine that the disk is for.</summary>
    [Parameter(ParameterSetName = ByName, Mandatory = true, Position = 1)]
    [Alias("VMName")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(VmNameCompleter))]
    public string Name { get; set; } = string.Empty;

    /// <summary>The id of the virtual machine that the disk is for.</summary>
    [Parameter(ParameterSetName = ById, Mandatory = true)]
    [Alias("VMId")]
    public Guid Id { get; set; }

    /// <summary>The new disk: a VHDX file. Nothing may be there.</summary>
    [Parameter(Mandatory = true)]
    [ValidateNotNullOrEmpty]
    public string DiskPath { get; set; } = string.Empty;

    /// <summary>The master that the new disk becomes a child of. Without it, the one of the machine's pool.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? MasterPath { get; set; }

    /// <summary>
    /// The certificate that the file was sealed under, with its private key. Without it and without a passphrase it is looked for among this
    /// user's and this computer's personal certificates.
    /// </summary>
    [Parameter]
    [ValidateNotNull]
    public X509Certificate2? Certificate { get; set; }

    /// <summary>The passphrase that the file was sealed under.</summary>
    [Parameter]
    [ValidateNotNull]
    public SecureString? Passphrase { get; set; }

    /// <summary>Sets of identity that are carried only on your word, and are wanted: their ids, as Get-VmIdentity shows them with the verb Ask.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SetIdCompleter))]
    public string[] CarrySet { get; set; } = [];

    /// <summary>Sets of identity that are left out although the file holds them: their ids, as Get-VmIdentity shows them.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SetIdCompleter))]
    public string[] ExcludeSet { get; set; } = [];

    /// <summary>
    /// Files of your own that say what counts as identity, or folders of such files (*.json). Of these sets the exported file holds what
    /// Export-VmIdentity was given them for.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[]? CataloguePath { get; set; }

    /// <summary>What becomes of the machine's DPAPI keys, as in Update-PooledVmImage.</summary>
    /// <value>Rewrap</value>
    [Parameter]
    public DpapiMode DpapiMode { get; set; }

    /// <summary>Takes an export of another machine, too: one that was made anew since as this one, or of a disk that no machine had.</summary>
    [Parameter]
    public SwitchParameter AllowOtherVM { get; set; }

    /// <summary>
    /// Goes on with a master that is not generalized although its Windows (build 26100 and later) refuses logons between machines of one
    /// machine SID.
    /// </summary>
    [Parameter]
    public SwitchParameter AllowSharedMachineSid { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        string export = ResolvePath(Path);
        string target = ParameterSetName == ById ? Id.ToString() : Name;
        if (WildcardPattern.ContainsWildcardCharacters(target))
        {
            WriteError(CommandErrors.WildcardsNotAllowed(target));
            return;
        }

        var options = new IdentityImportOptions
        {
            DiskPath = ResolvePath(DiskPath),
            MasterPath = MasterPath is null ? null : ResolvePath(MasterPath),
            CarryOnWord = CarrySet,
            LeaveOut = ExcludeSet,
            Dpapi = DpapiMode,
            AllowOtherMachine = AllowOtherVM,
            AllowSharedMachineSid = AllowSharedMachineSid,
        };
        IdentityCatalogue catalogue = LoadCatalogue(CataloguePath);
        VmSelection machine = ParameterSetName == ById ? VmSelection.ById(Id) : VmSelection.ByName(Name);
        ForEachTarget(export, () =>
        {
            using ExportKey key = ExportKeys.ToOpen(this, Certificate, Passphrase);
            if (ShouldProcess(target, $"Make a new disk '{options.DiskPath}' for it with the identity in '{export}'"))
            {
                Write(AwaitShown("Importing identities", (show, stop) =>
                {
                    show($"{target}: '{options.DiskPath}'", -1);
                    return Task.Run(() => Connection.ExchangeBy(catalogue).ImportAsync(machine, export, key, options, stop), stop);
                }));
            }
        });
    }

    private void Write(IdentityImportResult result)
    {
        WriteObject(new VmIdentityImport(result, HostName));
        foreach (string warning in result.Warnings)
        {
            WriteWarning($"{result.VMName}: {warning}");
        }
    }
}
