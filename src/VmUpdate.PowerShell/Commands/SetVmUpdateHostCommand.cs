using System.Management.Automation;
using VmUpdate.Core.Broker;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.PowerShell.Binding;
using VmUpdate.PowerShell.Errors;
using VmUpdate.PowerShell.Hosts;
using VmUpdate.PowerShell.Output;

namespace VmUpdate.PowerShell.Commands;

/// <summary>Sets how much of the host updates may take, the limits of the load gate, and what guests may ask for.</summary>
/// <remarks>
/// <para>
/// What is not given stays. A running broker goes by the change at once. A limit that is lowered under what is awake already takes nothing
/// back: only the next one waits.
/// </para>
/// <para>
/// Guests may ask for updates of their own machine. Without a policy, personal machines may: 12 times an hour, 4 open at once, of every kind and
/// instructor, not urgently, with bytes for the instructor's own agent and no commands or scripts, which would run in the guest with the rights of its
/// update agent whoever in the guest asked for them. A policy is a JSON file: machines, instructors (names, with * and ?), roles (Personal, Pooled, All, None),
/// kinds, payloadKinds (Context, Command, Script), allowUrgent, maxPayloadBytes, maxRequestsPerHour, maxOpenRequests. What it does not say is as without
/// it; a word that is none is refused. -GuestPolicyPath checks such a file and copies it into the store's folder as guest-policy.json, where
/// it may be changed by hand, too: Test-VmUpdateHost says when it cannot be used, and then every request is refused. A running broker goes by a change
/// within a second.
/// </para>
/// </remarks>
/// <example>
/// At most four machines awake, and nothing new while the processors are used by more than half.
/// <code>Set-VmUpdateHost -MaxAwake 4 -MaxAwakePerVolume 4 -CpuCeilingPercent 50</code>
/// </example>
/// <example>
/// Keeps 16 GiB free, and begins nothing for now.
/// <code>Set-VmUpdateHost -MemoryReserve 16GB -Maintenance $true</code>
/// </example>
/// <example>
/// Guests may ask for scripts, and urgently.
/// <code>
/// [IO.File]::WriteAllText("$pwd/policy.json", '{ "payloadKinds": ["Context", "Script"], "instructors": ["Script"], "allowUrgent": true }')
/// Set-VmUpdateHost -GuestPolicyPath policy.json -PassThru | Format-List GuestPolicy
/// </code>
/// </example>
/// <error id="TaskBadGuestPolicy">the policy for the requests of guests cannot be used; the one that was there stays.</error>
/// <error id="TaskBadLimit">a limit is out of its range.</error>
/// <error id="NothingToChange">nothing was said that should change.</error>
[Cmdlet(VerbsCommon.Set, "VmUpdateHost", SupportsShouldProcess = true)]
[OutputType(typeof(VmUpdateHostStatus))]
public sealed class SetVmUpdateHostCommand : HostCmdlet
{
    /// <summary>How many machines may be awake for updates at once, those left awake included.</summary>
    /// <value>2 on a new host</value>
    [Parameter]
    public int? MaxAwake { get; set; }

    /// <summary>How many runs may be under way at once, those on machines that run anyway included.</summary>
    /// <value>4 on a new host</value>
    [Parameter]
    public int? MaxRuns { get; set; }

    /// <summary>How many machines of one volume may be awake for updates at once.</summary>
    /// <value>2 on a new host</value>
    [Parameter]
    public int? MaxAwakePerVolume { get; set; }

    /// <summary>How many runs of one instructor may be under way at once.</summary>
    /// <value>4 on a new host</value>
    [Parameter]
    public int? MaxRunsPerInstructor { get; set; }

    /// <summary>From this use of the processors on nothing begins, in percent; 100 is no ceiling.</summary>
    /// <value>70 on a new host</value>
    [Parameter]
    public int? CpuCeilingPercent { get; set; }

    /// <summary>How far the use must fall below the ceiling before something begins again, in percent.</summary>
    /// <value>10 on a new host</value>
    [Parameter]
    public int? CpuHysteresisPercent { get; set; }

    /// <summary>The memory that stays free, in bytes; 16GB may be written. The greater of this and -MemoryReservePercent counts.</summary>
    /// <value>4GB on a new host</value>
    [Parameter]
    public long? MemoryReserve { get; set; }

    /// <summary>The part of the host's memory that stays free, in percent.</summary>
    /// <value>10 on a new host</value>
    [Parameter]
    public int? MemoryReservePercent { get; set; }

    /// <summary>The room that stays free on a volume when a machine is saved again, in bytes.</summary>
    /// <value>2GB on a new host</value>
    [Parameter]
    public long? VolumeReserve { get; set; }

    /// <summary>How long nothing more is woken after a machine was, so that its load shows: 60s, 2m, or 00:02:00.</summary>
    /// <value>60s on a new host</value>
    [Parameter]
    [Duration]
    public TimeSpan? SettleTime { get; set; }

    /// <summary>The longest delay by chance of a scheduled start, so that hosts of one storage do not begin in one moment.</summary>
    /// <value>30s on a new host</value>
    [Parameter]
    [Duration]
    public TimeSpan? StartJitter { get; set; }

    /// <summary>How old a measurement of the load may be.</summary>
    /// <value>60s on a new host</value>
    [Parameter]
    [Duration]
    public TimeSpan? MeasurementAge { get; set; }

    /// <summary>How long runs that have ended are kept to be read.</summary>
    /// <value>90d on a new host</value>
    [Parameter]
    [Duration]
    public TimeSpan? KeepHistory { get; set; }

    /// <summary>Whether the host is in maintenance: nothing begins, what is under way ends.</summary>
    /// <value>$false on a new host</value>
    [Parameter]
    public bool? Maintenance { get; set; }

    /// <summary>A file that says what guests may ask for. It is checked, and copied into the store's folder.</summary>
    /// <value>none on a new host: see the notes for what holds then</value>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? GuestPolicyPath { get; set; }

    /// <summary>Writes the host's status.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForEachTarget(HostName, () =>
    {
        HostLimits present = Connection.Store.GetLimits(Connection.Host.HostId);
        HostLimits limits = present with
        {
            MaxAwake = MaxAwake ?? present.MaxAwake,
            MaxRuns = MaxRuns ?? present.MaxRuns,
            MaxAwakePerVolume = MaxAwakePerVolume ?? present.MaxAwakePerVolume,
            MaxRunsPerInstructor = MaxRunsPerInstructor ?? present.MaxRunsPerInstructor,
            CpuCeilingPercent = CpuCeilingPercent ?? present.CpuCeilingPercent,
            CpuHysteresisPercent = CpuHysteresisPercent ?? present.CpuHysteresisPercent,
            ReserveBytes = MemoryReserve ?? present.ReserveBytes,
            ReservePercent = MemoryReservePercent ?? present.ReservePercent,
            VolumeReserveBytes = VolumeReserve ?? present.VolumeReserveBytes,
            SettleTime = SettleTime ?? present.SettleTime,
            StartJitter = StartJitter ?? present.StartJitter,
            MeasurementAge = MeasurementAge ?? present.MeasurementAge,
            KeepHistory = KeepHistory ?? present.KeepHistory,
            IsInMaintenance = Maintenance ?? present.IsInMaintenance,
        };
        if (!MyInvocation.BoundParameters.Keys.Any(key => key != nameof(PassThru) && !CommonParameters.Contains(key) && !OptionalCommonParameters.Contains(key)))
        {
            WriteError(CommandErrors.NothingToChange(MyInvocation.MyCommand.Name));
        }
        else if (ShouldProcess($"host '{HostName}'", "Set the limits of updates"))
        {
            if (GuestPolicyPath is not null)
            {
                GuestPolicyFile.Replace(Connection.Store, ReadFile(ResolvePath(GuestPolicyPath)));
            }

            if (limits != present)
            {
                Connection.Tasks.SetLimits(limits);
            }

            if (PassThru)
            {
                WriteObject(HostStatus.Read(Connection, StopToken));
            }
        }
    });

    private static byte[] ReadFile(string path)
    {
        using IBlockFile file = HostSession.Files.OpenFolder(Path.GetDirectoryName(path)!).Open(Path.GetFileName(path), HostFileMode.Read);

        // One byte more than allowed is enough to be refused.
        byte[] content = new byte[Math.Min(file.Length, GuestPolicyFile.MaxLength + 1)];
        file.ReadAt(0, content);
        return content;
    }
}
