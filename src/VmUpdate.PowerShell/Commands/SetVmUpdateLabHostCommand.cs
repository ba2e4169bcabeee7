using System.Collections;
using System.Management.Automation;
using VmUpdate.Lab;
using VmUpdate.PowerShell.Binding;
using VmUpdate.PowerShell.Hosts;

namespace VmUpdate.PowerShell.Commands;

/// <summary>Says how busy a lab's host is: its processors and its memory, constant or as a curve.</summary>
/// <remarks>
/// What is not given stays. What the lab's own running machines take of the memory is counted by itself. A curve goes straight from point to
/// point, and begins now.
/// </remarks>
/// <example>
/// A busy host.
/// <code>Set-VmUpdateLabHost -LabPath $lab.LabPath -CpuPercent 85</code>
/// </example>
/// <example>
/// A host that is busy for ten seconds, and then at rest.
/// <code>
/// Set-VmUpdateLabHost -LabPath $lab.LabPath -Curve @{ After = '0s'; CpuPercent = 90 }, @{ After = '10s'; CpuPercent = 90 }, @{ After = '11s'; CpuPercent = 10; OtherMemory = 8GB }
/// </code>
/// </example>
/// <error id="HostNotReachable">there is no lab in the folder.</error>
/// <error id="HostNotUsable">what was said cannot be.</error>
[Cmdlet(VerbsCommon.Set, "VmUpdateLabHost", SupportsShouldProcess = true)]
public sealed class SetVmUpdateLabHostCommand : VmUpdateCmdlet
{
    /// <summary>The lab's folder.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string LabPath { get; set; } = string.Empty;

    /// <summary>The use of the processors, in percent, from now on.</summary>
    [Parameter(ParameterSetName = "Constant")]
    [ValidateRange(0, 100)]
    public double? CpuPercent { get; set; }

    /// <summary>The memory that others than the lab's machines take, in bytes, from now on.</summary>
    [Parameter(ParameterSetName = "Constant")]
    [ValidateRange(0, long.MaxValue)]
    public long? OtherMemory { get; set; }

    /// <summary>The load by time: hashtables with After (a time from now, such as 10s), CpuPercent and OtherMemory (bytes).</summary>
    [Parameter(ParameterSetName = "Curve", Mandatory = true)]
    public Hashtable[] Curve { get; set; } = [];

    /// <summary>Whether the curve begins anew at its last point.</summary>
    [Parameter(ParameterSetName = "Curve")]
    public SwitchParameter Repeat { get; set; }

    /// <summary>The host's memory, in bytes.</summary>
    [Parameter]
    [ValidateRange(1, long.MaxValue)]
    public long? TotalMemory { get; set; }

    /// <summary>The room on each of its volumes, in bytes.</summary>
    [Parameter]
    [ValidateRange(0, long.MaxValue)]
    public long? VolumeFree { get; set; }

    /// <summary>Whether the host is being emptied for maintenance.</summary>
    [Parameter]
    public bool? Maintenance { get; set; }

    /// <summary>Whether the host is shutting down.</summary>
    [Parameter]
    public bool? ShuttingDown { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        string path = ResolvePath(LabPath);
        ForEachTarget(path, () =>
        {
            LabHypervisor lab = HostKinds.OpenLab(path);
            LabHostScript script = Apply(lab.GetHostScript());
            if (ShouldProcess($"host of the lab '{path}'", "Change"))
            {
                Await(async stop =>
                {
                    await lab.SetHostScriptAsync(script, stop).ConfigureAwait(false);
                    return true;
                });
            }
        });
    }

    private LabHostScript Apply(LabHostScript present)
    {
        LabHostScript script = present with
        {
            TotalMemoryBytes = TotalMemory ?? present.TotalMemoryBytes,
            VolumeFreeBytes = VolumeFree ?? present.VolumeFreeBytes,
            IsInMaintenance = Maintenance ?? present.IsInMaintenance,
            IsShuttingDown = ShuttingDown ?? present.IsShuttingDown,
        };
        DateTime now = Core.Machines.SystemClock.Instance.UtcNow;
        if (Curve.Length > 0)
        {
            return script with { BeginsUtc = now, Repeats = Repeat, Curve = [.. Curve.Select(Point)] };
        }

        LabHostPoint before = present.Curve.Count == 1 ? present.Curve[0] : new LabHostPoint { CpuPercent = 5 };
        return CpuPercent is null && OtherMemory is null
            ? script
            : script with
            {
                BeginsUtc = now,
                Repeats = false,
                Curve = [new LabHostPoint { CpuPercent = CpuPercent ?? before.CpuPercent, OtherMemoryBytes = OtherMemory ?? before.OtherMemoryBytes }],
            };
    }

    private static LabHostPoint Point(Hashtable point) => new()
    {
        After = new DurationAttribute().Transform(null!, point["After"] ?? "0") is TimeSpan after ? after : TimeSpan.Zero,
        CpuPercent = LanguagePrimitives.ConvertTo<double>(point["CpuPercent"] ?? 0d),
        OtherMemoryBytes = LanguagePrimitives.ConvertTo<long>(point["OtherMemory"] ?? 0L),
    };
}
