using VmUpdate.Core.Machines;
using VmUpdate.HyperV.Cim;
using Names = VmUpdate.HyperV.HyperVNames;

namespace VmUpdate.HyperV;

public sealed partial class HyperVHypervisor
{
    private const int LongestName = 255;

    // What a guest says comes from the guest: a value may have 2 KiB, and there are some twenty items, and those of a channel.
    private const int LongestItem = 16 * 1024;
    private const int MostItems = 256;

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
    /// <remarks>Hyper-V does not know who is logged on in a guest; VmUpdate's own agent in the guest does.</remarks>
    public async Task<IReadOnlyList<UserSession>?> GetSessionsAsync(VmKey vm, CancellationToken cancellation)
    {
        _ = await FindAsync(vm, cancellation).ConfigureAwait(false);
        return null;
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
