using VmUpdate.Core.Guests;
using VmUpdate.Core.Machines;
using VmUpdate.HyperV.Cim;
using VmUpdate.HyperV.Sessions;
using Names = VmUpdate.HyperV.HyperVNames;

namespace VmUpdate.HyperV;

public sealed partial class HyperVHypervisor
{
    private const int LongestName = 255;

    // What a guest says comes from the guest: a value may have 2 KiB, and there are some twenty items, and those of a channel.
    private const int LongestItem = 16 * 1024;
    private const int MostItems = 256;

    private const int MostSessions = 1024;
    private static readonly TimeSpan SessionsTimeout = TimeSpan.FromSeconds(30);

    private Task? _hung; // a list of sessions that did not come in time: no other is asked for before it does

    /// <inheritdoc/>
    public async Task<GuestReply> GetComputerNameAsync(VmKey vm, TimeSpan timeout, CancellationToken cancellation)
    {
        TimeSpan end = _options.Clock.Monotonic + timeout;
        for (TimeSpan pause = TimeSpan.Zero; ;)
        {
            CimRecord system = await FindAsync(vm, cancellation).ConfigureAwait(false);
            if (StateOf(system) is not VmPowerState.Running and var state)
            {
                throw new HypervisorException(HypervisorFailure.VmBusy, NameOf(system), $"it is {state}; it would have to be {VmPowerState.Running}.");
            }

            CimRecord? exchange = (await ReadDevicesAsync(system, Names.KvpComponent.Class, cancellation).ConfigureAwait(false)).FirstOrNone();
            if (exchange is null || exchange.Number(Names.KvpComponent.EnabledState) != HyperVValues.ComponentIsOn)
            {
                return GuestReply.Unavailable;
            }

            // Without a heartbeat the items may be those of the guest's last life.
            if (await HasHeartbeatAsync(system, cancellation).ConfigureAwait(false)
                && ReadItems(exchange.Texts(Names.KvpComponent.GuestIntrinsicExchangeItems)).TryGetValue(HyperVValues.ComputerNameItem, out string? found))
            {
                string name = found.Split('.')[0];
                if (name.Length is > 0 and <= LongestName && !name.Any(char.IsControl))
                {
                    return new GuestReply(GuestReplyKind.Answered, name);
                }
            }

            if (_options.Clock.Monotonic >= end)
            {
                return GuestReply.Silent;
            }

            pause = await _calls.PauseAsync(pause, cancellation).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Hyper-V does not know who is logged on in a guest. Where this computer is an RD Virtualization Host, Remote Desktop Services know it of
    /// the machines that they list: these have at least a session of their services. What they do not list, or has a name that two have, is unknown.
    /// </remarks>
    public async Task<IReadOnlyList<UserSession>?> GetSessionsAsync(VmKey vm, CancellationToken cancellation)
    {
        string name = NameOf(await FindAsync(vm, cancellation).ConfigureAwait(false));
        if (!_host.IsHere || _options.Sessions is not { } list || _hung is { IsCompleted: false } || !await IsVirtualizationHostAsync(cancellation).ConfigureAwait(false))
        {
            return null;
        }

        // Which of two they mean is not told by a name.
        IReadOnlyList<CimRecord> systems = await QueryAsync(Names.ComputerSystem.Class, "looking for machines of one name", cancellation).ConfigureAwait(false);
        if (systems.Count(system => IsNamed(NameOf(system), name)) != 1)
        {
            return null;
        }

        // Each machine is asked behind it, and one that hangs must not hold the others.
        Task<IReadOnlyList<TerminalSession>?> asking = list();
        if (await Task.WhenAny(asking, _options.Clock.Delay(SessionsTimeout, cancellation)).ConfigureAwait(false) != asking)
        {
            cancellation.ThrowIfCancellationRequested();
            _hung = asking;
        }

        List<TerminalSession>? rows = asking.Status == TaskStatus.RanToCompletion ? asking.Result?.Where(row => IsNamed(row.VmName, name)).ToList() : null;
        return rows is { Count: > 0 and <= MostSessions }
            ? rows.Where(row => row.User.Length > 0).Select(row => new UserSession(
                row.Id, GuestWords.Shown(row.Domain.Length == 0 ? row.User : $@"{row.Domain}\{row.User}"), row.State == HyperVValues.SessionIsActive)).ToList()
            : null;
    }

    /// <inheritdoc/>
    /// <remarks>Hyper-V has no word for it; VmUpdate's own agent in the guest has.</remarks>
    public Task SendMessageAsync(VmKey vm, int session, string message, CancellationToken cancellation) => RefuseAsync(vm, "shown a message", cancellation);

    /// <inheritdoc/>
    /// <remarks>Hyper-V has no word for it; VmUpdate's own agent in the guest has.</remarks>
    public Task LogOffAsync(VmKey vm, int session, CancellationToken cancellation) => RefuseAsync(vm, "logged off", cancellation);

    /// <summary>Items by name. They come from the guest, and are data of a limited length.</summary>
    private static Dictionary<string, string> ReadItems(IReadOnlyList<string> items)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string item in items.Take(MostItems).Where(item => item.Length <= LongestItem))
        {
            if (CimXml.TryRead(item, Names.KvpItem.Class) is { } read
                && read.TryGetValue(Names.KvpItem.Name, out string? name) && read.TryGetValue(Names.KvpItem.Data, out string? data))
            {
                values[name] = data;
            }
        }

        return values;
    }

    private static bool IsNamed(string name, string wanted) => string.Equals(name, wanted, StringComparison.OrdinalIgnoreCase);

    private async Task<bool> IsVirtualizationHostAsync(CancellationToken cancellation)
    {
        try
        {
            IReadOnlyList<CimRecord> services = await _calls.QueryAsync(
                new CimQuery(Names.SystemNamespace, Names.Service.Class, Names.Service.Name, HyperVValues.VirtualizationHostAgent),
                HostName,
                "asking whether it is an RD Virtualization Host",
                cancellation).ConfigureAwait(false);
            return services.FirstOrNone()?.Text(Names.Service.State) == HyperVValues.ServiceRuns;
        }
        catch (HypervisorException failure) when (failure.Failure == HypervisorFailure.AccessDenied)
        {
            return false; // Hyper-V Administrators need not be allowed to see services
        }
    }

    private async Task<bool> HasHeartbeatAsync(CimRecord system, CancellationToken cancellation)
    {
        CimRecord? heartbeat = (await ReadDevicesAsync(system, Names.HeartbeatComponent.Class, cancellation).ConfigureAwait(false)).FirstOrNone();
        return heartbeat is null || heartbeat.Numbers(Names.HeartbeatComponent.OperationalStatus) is [HyperVValues.ComponentIsWell, ..];
    }

    private async Task RefuseAsync(VmKey vm, string what, CancellationToken cancellation) => throw new HypervisorException(
        HypervisorFailure.OperationFailed,
        NameOf(await FindAsync(vm, cancellation).ConfigureAwait(false)),
        $"users cannot be {what} through Hyper-V. VmUpdate's own agent in the guest can do it.");
}
