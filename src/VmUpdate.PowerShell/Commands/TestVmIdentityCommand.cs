using System.Management.Automation;
using System.Text;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Identity.Leaks;
using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.PowerShell.Completion;
using VmUpdate.PowerShell.Errors;
using VmUpdate.PowerShell.Hosts;
using VmUpdate.PowerShell.Output;

namespace VmUpdate.PowerShell.Commands;

/// <summary>Finds what leaks from master images, and which ids machines share that only one of them may have.</summary>
/// <remarks>
/// <para>
/// Works on any VHDX files, folders of them, machines and pools, and changes nothing: disks and their parents are opened for reading only.
/// Without -VMName and -Pool no connection to a host is needed. Secrets are never shown; a fingerprint stands for them.
/// </para>
/// <para>
/// A master is a disk that stands alone, or that several of the disks looked at are children of; -Role says otherwise. The parents of a disk
/// are looked at too, each once, so that a finding can say which master the machines have it from. That a machine has what its own master
/// has is not counted; that two machines have it is, once for all of them. Older disks of a machine beside its present one are not compared.
/// </para>
/// <para>A running machine's disk is in use and refused; the others are looked at all the same.</para>
/// </remarks>
/// <example>
/// Looks at a master.
/// <code>Test-VmIdentity -Path $lab.OldMasterPath</code>
/// </example>
/// <example>
/// Looks at all disks in a folder, and writes a report for people.
/// <code>Test-VmIdentity -Path "$($lab.LabPath)/disks" -AsReport ./identity.html</code>
/// </example>
/// <example>
/// Looks at a pool's machines and its master, and keeps what is grave.
/// <code>Test-VmIdentity -Pool LabPool | Where-Object Severity -eq Error</code>
/// </example>
/// <error id="HostFileNotFound">there is no such file or folder.</error>
/// <error id="HostFileInUse">another program, or a running machine, holds the file.</error>
/// <error id="DiskWrongFormat">the file is not a VHDX file.</error>
/// <error id="DiskParentNotFound">a parent of a differencing disk was not found.</error>
/// <error id="DiskJournalNotClean">Windows did not close the volume: the machine is saved, or was turned off.</error>
/// <error id="DiskBitLocker">the volume is encrypted.</error>
/// <error id="IdentityNoWindowsFolder">no volume of the disk holds a Windows; told only of a disk that was named.</error>
/// <error id="NotConnected">-VMName and -Pool need a host: run Connect-VmUpdateHost.</error>
/// <error id="VmNotFound">the host has no machine of that name.</error>
/// <error id="StoreNotFound">there is no pool of that name.</error>
/// <error id="IdentityCatalogueInvalid">a file of -CataloguePath is not valid: file, line and reason.</error>
[Cmdlet(VerbsDiagnostic.Test, "VmIdentity", DefaultParameterSetName = ByPath)]
[OutputType(typeof(VmIdentityLeak))]
public sealed class TestVmIdentityCommand : VmUpdateCmdlet
{
    private const int MostSubjects = 3; // in a heading
    private const string ByPath = "Path";
    private const string ByLiteralPath = "LiteralPath";
    private const string ByMachine = "Machine";
    private const string ByPool = "Pool";
    private static readonly string[] Extensions = [".vhdx", ".avhdx"];

    private readonly List<AuditTarget> _targets = [];
    private readonly List<string> _subjects = [];

    /// <summary>VHDX files, or folders of them; * and ? stand for any characters.</summary>
    [Parameter(ParameterSetName = ByPath, Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>The same as they are spelled, without patterns: what Get-ChildItem and Get-PooledVmImage put out.</summary>
    [Parameter(ParameterSetName = ByLiteralPath, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [Alias("DiskPath", "FullName", "PSPath")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>The names of machines of the connected host; their boot disks are looked at.</summary>
    [Parameter(ParameterSetName = ByMachine, Mandatory = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(VmNameCompleter))]
    public string[] VMName { get; set; } = [];

    /// <summary>The name of a pool of the connected host: all its machines, and its master.</summary>
    [Parameter(ParameterSetName = ByPool, Mandatory = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PoolNameCompleter))]
    public string Pool { get; set; } = string.Empty;

    /// <summary>What the disks are looked at as: Auto, Master or Machine. A disk that stands alone is a master to Auto.</summary>
    /// <value>Auto</value>
    [Parameter(ParameterSetName = ByPath)]
    [Parameter(ParameterSetName = ByLiteralPath)]
    public DiskRole Role { get; set; }

    /// <summary>A file that the findings are written to as an HTML page, beside the objects. An older one is replaced.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? AsReport { get; set; }

    /// <summary>Folders outside a disk's own volume or share from which its parents may come.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] AllowedParentFolder { get; set; } = [];

    /// <summary>
    /// Files of your own that say what counts as identity, or folders of such files (*.json): each adds a set, or takes the place of the
    /// shipped one of the same id. PSModule/catalogue holds the shipped ones and their schema.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[]? CataloguePath { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        switch (ParameterSetName)
        {
            case ByPool or ByMachine:
                AddMachines();
                break;
            case ByLiteralPath:
                foreach (string path in LiteralPath)
                {
                    AddPath(ResolvePath(path), wasNamed: true);
                    _subjects.Add(path);
                }

                break;
            default:
                foreach (string path in Path)
                {
                    AddPattern(path);
                    _subjects.Add(path);
                }

                break;
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        var audit = new IdentityAudit(LoadCatalogue(CataloguePath), HostSession.Files, [.. AllowedParentFolder.Select(ResolvePath)]);
        int done = 0;
        AuditResult result = AwaitShown(
            "Looking at disks",
            (show, stop) => Task.Run(() => audit.Run(_targets, target => show(target.Name, 100 * done++ / _targets.Count), stop), stop));
        foreach (AuditedDisk disk in result.Disks.Where(disk => disk.Failure is not null))
        {
            Tell(disk);
        }

        if (AsReport is not null)
        {
            string path = ResolvePath(AsReport);
            ForEachTarget(path, () => Write(path, LeakReport.Create(result, Subject(), SystemClock.Instance.UtcNow)));
        }

        WriteObject(result.Findings.Select(finding => new VmIdentityLeak(finding)), enumerateCollection: true);
    }

    private string Subject() => ParameterSetName switch
    {
        ByPool => $"Pool {Pool}",
        ByMachine => string.Join(", ", VMName),
        _ when _subjects.Count <= MostSubjects => string.Join(", ", _subjects),
        _ => $"{_subjects.Count} places",
    };

    private void Tell(AuditedDisk disk)
    {
        bool wasNamed = _targets.Any(target => target.WasNamed && target.Path == disk.Path) || _targets.All(target => target.Path != disk.Path);
        if (!wasNamed && disk.Failure is IdentityException { Failure: IdentityFailure.NoWindowsFolder })
        {
            WriteVerbose(disk.Failure.Message);
            return;
        }

        WriteError(ErrorTable.Record(disk.Failure!, disk.Path));
    }

    private void AddMachines()
    {
        if (CurrentHost.Find() is not { } host)
        {
            ThrowTerminatingError(CommandErrors.NotConnected());
            return;
        }

        using HostSession session = ForAllTargets(host, () => HostSession.Open(host));
        foreach (VmSelection selection in ParameterSetName == ByPool ? [VmSelection.ByPool(Pool)] : VMName.Select(name => VmSelection.ByName(name)))
        {
            ForEachTarget(ParameterSetName == ByPool ? Pool : selection.Names[0], () =>
            {
                foreach (MachineInfo machine in Await(stop => session.Pools.GetMachinesAsync(selection, stop)))
                {
                    ForEachTarget(
                        machine.Machine.Name, () => _targets.Add(Await(stop => session.Pools.GetBootDiskAsync(machine.Machine, stop))));
                }

                if (ParameterSetName == ByPool && session.Pools.Get(Pool).MasterPath is { Length: > 0 } master)
                {
                    _targets.Add(new AuditTarget(master, System.IO.Path.GetFileName(master), DiskRole.Master));
                }
            });
        }
    }

    private void AddPattern(string path)
    {
        if (!WildcardPattern.ContainsWildcardCharacters(path))
        {
            AddPath(ResolvePath(path), wasNamed: true);
            return;
        }

        try
        {
            foreach (string found in SessionState.Path.GetResolvedProviderPathFromPSPath(path, out ProviderInfo provider))
            {
                if (provider.Name == "FileSystem")
                {
                    AddPath(found, wasNamed: false);
                }
            }
        }
        catch (ItemNotFoundException)
        {
            WriteVerbose($"Nothing fits '{path}'.");
        }
    }

    private void AddPath(string path, bool wasNamed)
    {
        if (FilesIn(path) is { } files)
        {
            _targets.AddRange(files.Where(IsDisk).OrderBy(file => file, StringComparer.Ordinal)
                .Select(file => new AuditTarget(System.IO.Path.Combine(path, file), file, Role, WasNamed: false)));
        }
        else if (wasNamed || IsDisk(path))
        {
            _targets.Add(new AuditTarget(path, System.IO.Path.GetFileName(path), Role, wasNamed));
        }
    }

    private static IReadOnlyList<string>? FilesIn(string path)
    {
        try
        {
            return HostSession.Files.OpenFolder(path).Enumerate();
        }
        catch (HostFileException)
        {
            return null; // a file, or nothing: looking at it will tell
        }
    }

    private static bool IsDisk(string path) => Extensions.Contains(System.IO.Path.GetExtension(path), StringComparer.OrdinalIgnoreCase);

    private static void Write(string path, string page)
    {
        IHostFolder folder = HostSession.Files.OpenFolder(System.IO.Path.GetDirectoryName(path) ?? path);
        string name = System.IO.Path.GetFileName(path);
        string unfinished = name + ".new";
        folder.Delete(unfinished);
        using (IBlockFile file = folder.Create(unfinished))
        {
            file.WriteAt(0, Encoding.UTF8.GetBytes(page));
            file.Flush();
        }

        folder.Rename(unfinished, name);
    }
}
