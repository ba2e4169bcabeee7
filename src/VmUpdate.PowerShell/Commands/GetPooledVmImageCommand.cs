using System.Management.Automation;
using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.PowerShell.Completion;
using VmUpdate.PowerShell.Output;

namespace VmUpdate.PowerShell.Commands;

/// <summary>Says what pooled virtual machines are on: revision, master, disk, and the former disk while it is kept.</summary>
/// <remarks>Without parameters it shows all pooled machines of the host. A machine whose swap was interrupted shows the step in OpenSwap.</remarks>
/// <example>
/// Shows a pool.
/// <code>Get-PooledVmImage -Pool LabPool</code>
/// </example>
/// <example>
/// Shows the machines that are not on their pool's master.
/// <code>Get-PooledVmImage | Where-Object { -not $_.IsCurrent }</code>
/// </example>
/// <error id="VmNotFound">the host has no machine of that name.</error>
/// <error id="StoreNotFound">there is no pool of that name.</error>
[Cmdlet(VerbsCommon.Get, "PooledVmImage", DefaultParameterSetName = ByName)]
[OutputType(typeof(PooledVmImageInfo))]
public sealed class GetPooledVmImageCommand : HostCmdlet
{
    private const string ByName = "Name";
    private const string ById = "Id";
    private const string ByPool = "Pool";

    /// <summary>The names of machines; * and ? stand for any characters. All pooled machines without it.</summary>
    [Parameter(ParameterSetName = ByName, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("VMName")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(VmNameCompleter))]
    public string[] Name { get; set; } = [];

    /// <summary>The ids of machines.</summary>
    [Parameter(ParameterSetName = ById, Mandatory = true)]
    [Alias("VMId")]
    public Guid[] Id { get; set; } = [];

    /// <summary>The name of a pool: all its machines.</summary>
    [Parameter(ParameterSetName = ByPool, Mandatory = true)]
    [ArgumentCompleter(typeof(PoolNameCompleter))]
    public string Pool { get; set; } = string.Empty;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == ByPool)
        {
            ForEachTarget(Pool, () => Write(VmSelection.ByPool(Pool), _ => true));
        }
        else if (ParameterSetName == ById)
        {
            ForEachTarget(Id, () => Write(VmSelection.ById(Id), _ => true));
        }
        else if (Name.Length == 0)
        {
            ForEachTarget(HostName, () => Write(VmSelection.All, _ => true));
        }

        foreach (string name in Name)
        {
            bool isPattern = WildcardPattern.ContainsWildcardCharacters(name);
            var pattern = new WildcardPattern(name, WildcardOptions.IgnoreCase);
            ForEachTarget(name, () => Write(
                isPattern ? VmSelection.All : VmSelection.ByName(name), image => !isPattern || pattern.IsMatch(image.VMName)));
        }
    }

    private void Write(VmSelection selection, Func<PooledVmImage, bool> isMeant)
    {
        foreach (PooledVmImage image in Await(stop => Session.Images.GetImagesAsync(selection, stop)).Where(isMeant))
        {
            WriteObject(new PooledVmImageInfo(image, HostName));
        }
    }
}
