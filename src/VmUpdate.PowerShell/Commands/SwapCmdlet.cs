using System.Management.Automation;
using VmUpdate.Core.Images;
using VmUpdate.PowerShell.Completion;

namespace VmUpdate.PowerShell.Commands;

/// <summary>The base of the cmdlets that plan or do a swap: how machines are stopped, how many at a time, and which checks are waived.</summary>
public abstract partial class SwapCmdlet : PooledVmCmdlet
{
    private const int MinutesPerDay = 1440;

    /// <summary>How many machines are worked on at a time, from 1 to 64.</summary>
    /// <value>1</value>
    [Parameter]
    [ValidateRange(1, 64)]
    public int ThrottleLimit { get; set; } = 1;

    /// <summary>After how many failures no further machine is begun. Machines that the checks refuse do not count; 0 means never.</summary>
    /// <value>3</value>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int StopOnFailureCount { get; set; } = 3;

    /// <summary>How many minutes a guest may take to shut down. One that takes longer fails and is left running: none is turned off by force.</summary>
    /// <value>10</value>
    [Parameter]
    [ValidateRange(1, MinutesPerDay)]
    public int ShutdownTimeoutMinutes { get; set; } = 10;

    /// <summary>How many minutes a guest may take to boot and answer, where there is a way to ask it.</summary>
    /// <value>15</value>
    [Parameter]
    [ValidateRange(1, MinutesPerDay)]
    public int GuestTimeoutMinutes { get; set; } = 15;

    /// <summary>
    /// Has users who are logged on told, and logged off after so many minutes. Without it a machine that somebody is logged on to is refused.
    /// </summary>
    [Parameter]
    [ValidateRange(0, MinutesPerDay)]
    public int? DrainMinutes { get; set; }

    /// <summary>What the users are told; {0} stands for the minutes they have.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? DrainMessage { get; set; }

    /// <summary>Goes on although it cannot be known whether somebody is logged on.</summary>
    [Parameter]
    public SwitchParameter AllowUnknownSessions { get; set; }

    /// <summary>Goes on although another system (RDS, SCVMM, a cluster) deploys and replaces the machine.</summary>
    [Parameter]
    public SwitchParameter AllowManagedBy { get; set; }

    /// <summary>
    /// Files of your own that say what counts as identity, or folders of such files (*.json): each adds a set, or takes the place of the
    /// shipped one of the same id. PSModule/catalogue holds the shipped ones and their schema.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[]? CataloguePath { get; set; }

    /// <summary>Sets of identity that are left out although they could be carried: their ids, as Get-VmIdentity shows them. What depends on them is left out, too.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SetIdCompleter))]
    public string[]? ExcludeSet { get; set; }

    /// <summary>What was asked for with the parameters that all swaps share, in the library's words.</summary>
    /// <returns>The options.</returns>
    private protected SwapOptions SharedOptions()
    {
        var standard = new SwapOptions();
        return standard with
        {
            ThrottleLimit = ThrottleLimit,
            StopOnFailureCount = StopOnFailureCount,
            ShutdownTimeout = TimeSpan.FromMinutes(ShutdownTimeoutMinutes),
            GuestTimeout = TimeSpan.FromMinutes(GuestTimeoutMinutes),
            DrainTime = DrainMinutes is { } minutes ? TimeSpan.FromMinutes(minutes) : null,
            DrainMessage = DrainMessage ?? standard.DrainMessage,
            AllowUnknownSessions = AllowUnknownSessions,
            AllowManagedBy = AllowManagedBy,
            Catalogue = CataloguePath is null ? null : LoadCatalogue(CataloguePath),
            LeaveOut = ExcludeSet ?? standard.LeaveOut,
        };
    }
}
