using System.Management.Automation;
using VmUpdate.Core.Machines;
using VmUpdate.Lab;
using VmUpdate.PowerShell.Binding;
using VmUpdate.PowerShell.Completion;
using VmUpdate.PowerShell.Errors;
using VmUpdate.PowerShell.Hosts;

namespace VmUpdate.PowerShell.Commands;

/// <summary>Says what a lab's machine does: its power state, who is logged on, and how its guest performs tasks or fails to.</summary>
/// <remarks>
/// What is not given stays. A guest searches, downloads and applies; meanwhile it may lose its connection, restart, fail, hang, or talk
/// nonsense. A task keeps what was said when it was handed over. The folder's guests/NAME.json says the same by hand, see the lab's README.
/// </remarks>
/// <example>
/// A machine that is saved, whose guest takes five seconds, and loses its connection three times meanwhile.
/// <code>Set-VmUpdateLabMachine -LabPath $lab.LabPath -Name DESK-01 -State Saved -Applying 5s -Disconnects 3 -Away 500ms</code>
/// </example>
/// <example>
/// A machine whose first attempt fails, and one that somebody is logged on to.
/// <code>
/// Set-VmUpdateLabMachine -LabPath $lab.LabPath -Name DESK-01 -End Fails -EndTimes 1 -Message 'no room on the disk'
/// Set-VmUpdateLabMachine -LabPath $lab.LabPath -Name DESK-02 -State Running -User 'LAB\anna'
/// </code>
/// </example>
/// <example>
/// A machine whose guest is played by a real agent: the program vmupdate-agent, started with --channel and the path that is said.
/// <code>Set-VmUpdateLabMachine -LabPath $lab.LabPath -Name DESK-01 -State Running -GuestAgent $true -Verbose</code>
/// </example>
/// <error id="HostNotReachable">there is no lab in the folder.</error>
/// <error id="HostNotUsable">what was said cannot be.</error>
/// <error id="VmNotFound">the lab has no machine of that name or id.</error>
/// <error id="NoMachineNamed">no machine was named.</error>
[Cmdlet(VerbsCommon.Set, "VmUpdateLabMachine", SupportsShouldProcess = true)]
public sealed class SetVmUpdateLabMachineCommand : VmUpdateCmdlet
{
    /// <summary>The lab's folder.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string LabPath { get; set; } = string.Empty;

    /// <summary>The names of the machines; * and ? stand for any characters.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("VMName")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(VmNameCompleter))]
    public string[] Name { get; set; } = [];

    /// <summary>The ids of the machines. Where an object that is piped in has a name and an id, the id decides.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("VMId")]
    public Guid[] Id { get; set; } = [];

    /// <summary>The power state, as if it had been so: Off, Running, Saved or Paused.</summary>
    [Parameter]
    [ValidateSet(nameof(VmPowerState.Off), nameof(VmPowerState.Running), nameof(VmPowerState.Saved), nameof(VmPowerState.Paused))]
    public VmPowerState? State { get; set; }

    /// <summary>Who is logged on; an empty list for nobody.</summary>
    [Parameter]
    [AllowEmptyCollection]
    public string[]? User { get; set; }

    /// <summary>How long after each start of the guest the users log on; they are there from the beginning without it.</summary>
    [Parameter]
    [Duration]
    public TimeSpan? UserArrivesAfter { get; set; }

    /// <summary>Whether the host cannot tell who is logged on.</summary>
    [Parameter]
    public bool? SessionsUnknown { get; set; }

    /// <summary>Whether the guest never finishes shutting down.</summary>
    [Parameter]
    public bool? ShutdownHangs { get; set; }

    /// <summary>Whether the host fails to start the machine.</summary>
    [Parameter]
    public bool? StartFails { get; set; }

    /// <summary>Whether the guest never answers.</summary>
    [Parameter]
    public bool? GuestSilent { get; set; }

    /// <summary>The memory it wants when it runs, in bytes.</summary>
    [Parameter]
    [ValidateRange(1, long.MaxValue)]
    public long? Memory { get; set; }

    /// <summary>The volume it is saved on.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Volume { get; set; }

    /// <summary>How long the guest searches: 200ms, 5s, 2m.</summary>
    [Parameter]
    [Duration]
    public TimeSpan? Searching { get; set; }

    /// <summary>How long it downloads.</summary>
    [Parameter]
    [Duration]
    public TimeSpan? Downloading { get; set; }

    /// <summary>How long it applies.</summary>
    [Parameter]
    [Duration]
    public TimeSpan? Applying { get; set; }

    /// <summary>How often it loses its connection while it applies.</summary>
    [Parameter]
    public int? Disconnects { get; set; }

    /// <summary>How long it is away each time.</summary>
    [Parameter]
    [Duration]
    public TimeSpan? Away { get; set; }

    /// <summary>How often it restarts by itself while it applies.</summary>
    [Parameter]
    public int? Restarts { get; set; }

    /// <summary>How long a restart takes.</summary>
    [Parameter]
    [Duration]
    public TimeSpan? Restart { get; set; }

    /// <summary>Whether it needs a restart when it is done.</summary>
    [Parameter]
    public bool? NeedsRestart { get; set; }

    /// <summary>How it ends: Succeeds, Fails, Hangs or TalksNonsense.</summary>
    [Parameter]
    public LabGuestEnd? End { get; set; }

    /// <summary>In which part an end other than success comes: Searching, Downloading or Applying.</summary>
    [Parameter]
    public LabGuestPhase? EndsIn { get; set; }

    /// <summary>How many attempts of a run end like that, so that the next one succeeds; all of them without it.</summary>
    [Parameter]
    public int? EndTimes { get; set; }

    /// <summary>What it says at the end.</summary>
    [Parameter]
    [AllowEmptyString]
    public string? Message { get; set; }

    /// <summary>Whether it has no update agent.</summary>
    [Parameter]
    public bool? HasNoAgent { get; set; }

    /// <summary>Whether it refuses tasks.</summary>
    [Parameter]
    public bool? RefusesTasks { get; set; }

    /// <summary>
    /// Whether a real agent plays its guest instead of a script: a program that connects to the machine's channel, which is in the lab's folder
    /// channels, named by the first 12 digits of the machine's id (on Windows a named pipe; -Verbose says which).
    /// </summary>
    [Parameter]
    public bool? GuestAgent { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        string path = ResolvePath(LabPath);
        if (Name.Length == 0 && Id.Length == 0)
        {
            ThrowTerminatingError(CommandErrors.NoMachineNamed(MyInvocation.MyCommand.Name));
        }

        ForEachTarget(path, () =>
        {
            LabHypervisor lab = HostKinds.OpenLab(path);
            IReadOnlyList<VirtualMachine> machines = Await(lab.ListAsync);
            if (Id.Length > 0)
            {
                ChangeThose(lab, machines.Where(machine => Id.Contains(machine.Key.VmId)), string.Join(", ", Id));
                return;
            }

            foreach (string name in Name)
            {
                var pattern = new WildcardPattern(name, WildcardOptions.IgnoreCase);
                ForEachTarget(name, () => ChangeThose(lab, machines.Where(machine => pattern.IsMatch(machine.Name)), name));
            }
        });
    }

    private void ChangeThose(LabHypervisor lab, IEnumerable<VirtualMachine> machines, string named)
    {
        bool isAny = false;
        foreach (VirtualMachine machine in machines)
        {
            isAny = true;
            if (ShouldProcess($"machine '{machine.Name}' of the lab", "Change"))
            {
                if (GuestAgent is true)
                {
                    WriteVerbose($"{machine.Name}: its guest's agent connects to {lab.ChannelPath(machine.Key)}");
                }

                Await(async stop =>
                {
                    await ChangeMachineAsync(lab, machine.Key, stop).ConfigureAwait(false);
                    await ChangeGuestAsync(lab, machine.Key, stop).ConfigureAwait(false);
                    return true;
                });
            }
        }

        if (!isAny && !WildcardPattern.ContainsWildcardCharacters(named))
        {
            throw new HypervisorException(HypervisorFailure.VmNotFound, named, $"the lab {lab.HostName} has no such machine.");
        }
    }

    private async Task ChangeMachineAsync(LabHypervisor lab, VmKey vm, CancellationToken stop)
    {
        if (State is { } state)
        {
            await lab.SetStateAsync(vm, state, stop).ConfigureAwait(false);
        }

        if (User is { } users)
        {
            await lab.SetSessionsAsync(vm, [.. users.Select((user, index) => new LabSession(index + 1, user, ArrivesAfter: UserArrivesAfter))], stop).ConfigureAwait(false);
        }

        if ((SessionsUnknown ?? ShutdownHangs ?? StartFails ?? GuestSilent) is not null)
        {
            LabBehavior present = lab.GetBehavior(vm);
            await lab.SetBehaviorAsync(
                vm,
                present with
                {
                    SessionsUnknown = SessionsUnknown ?? present.SessionsUnknown,
                    ShutdownHangs = ShutdownHangs ?? present.ShutdownHangs,
                    StartFails = StartFails ?? present.StartFails,
                    GuestSilent = GuestSilent ?? present.GuestSilent,
                },
                stop).ConfigureAwait(false);
        }

        if (GuestAgent is { } hasChannel)
        {
            await lab.SetChannelAsync(vm, hasChannel, stop).ConfigureAwait(false);
        }

        if (Memory is not null || Volume is not null)
        {
            VmFootprint present = await lab.GetFootprintAsync(vm, stop).ConfigureAwait(false);
            await lab.SetFootprintAsync(vm, Memory ?? present.MemoryBytes, Volume ?? present.Volume, stop).ConfigureAwait(false);
        }
    }

    private Task ChangeGuestAsync(LabHypervisor lab, VmKey vm, CancellationToken stop)
    {
        LabGuestScript present = lab.GetGuestScript(vm);
        LabGuestScript changed = present with
        {
            Searching = Searching ?? present.Searching,
            Downloading = Downloading ?? present.Downloading,
            Applying = Applying ?? present.Applying,
            Disconnects = Disconnects ?? present.Disconnects,
            Away = Away ?? present.Away,
            Restarts = Restarts ?? present.Restarts,
            Restart = Restart ?? present.Restart,
            NeedsRestart = NeedsRestart ?? present.NeedsRestart,
            End = End ?? present.End,
            EndsIn = EndsIn ?? present.EndsIn,
            EndTimes = EndTimes ?? present.EndTimes,
            Message = Message ?? present.Message,
            HasNoAgent = HasNoAgent ?? present.HasNoAgent,
            RefusesTasks = RefusesTasks ?? present.RefusesTasks,
        };
        return changed == present ? Task.CompletedTask : lab.SetGuestScriptAsync(vm, changed, stop);
    }
}
