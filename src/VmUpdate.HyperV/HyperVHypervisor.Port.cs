using VmUpdate.Core.Machines;
using VmUpdate.GuestProtocol.Kvp;
using VmUpdate.HyperV.Cim;
using Names = VmUpdate.HyperV.HyperVNames;

namespace VmUpdate.HyperV;

public sealed partial class HyperVHypervisor
{
    // Each look is a call to the host, and through it to the guest: about what one waits at a prompt without noticing.
    private static readonly TimeSpan PumpPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan WatchPause = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    /// <remarks>
    /// The channel goes by names and values (key-value pair exchange), which every guest with integration services has: some 20 KiB in a
    /// second. A guest without an agent leaves it silent.
    /// </remarks>
    public async Task<Stream> OpenGuestPortAsync(VmKey vm, CancellationToken cancellation)
    {
        CimRecord system = await FindAsync(vm, cancellation).ConfigureAwait(false);
        string name = NameOf(system);
        if (StateOf(system) is not VmPowerState.Running and var state)
        {
            throw new HypervisorException(HypervisorFailure.VmBusy, name, $"it is {state}; it would have to be {VmPowerState.Running}.");
        }

        CimRecord exchange = (await ReadDevicesAsync(system, Names.KvpComponent.Class, cancellation).ConfigureAwait(false)).FirstOrNone()
            ?? throw new HypervisorException(
                HypervisorFailure.HostNotUsable,
                name,
                $"its integration service for data exchange is off. Enable-VMIntegrationService -VMName '{name}' -Name 'Key-Value Pair Exchange' turns it on.");
        var pipe = new KvpPipe(isHost: true, _options.Ids.NewGuid());

        // What a former opener left would be taken for this one's.
        string[] left = (await ReadHostItemsAsync(exchange, name, cancellation).ConfigureAwait(false)).Keys.Where(pipe.IsOwn).ToArray();
        if (left.Length > 0)
        {
            await SetItemsAsync(system, Names.ManagementService.RemoveKvpItems, left.ToDictionary(item => item, _ => string.Empty), cancellation).ConfigureAwait(false);
        }

        var stream = new KvpStream(pipe);
        _ = Task.Run(() => PumpAsync(vm, stream), CancellationToken.None);
        return stream;
    }

    /// <inheritdoc/>
    /// <remarks>Hyper-V is asked every few seconds; all machines are told of at first.</remarks>
    public IDisposable Watch(Action<VmKey> onChanged)
    {
        var end = new CancellationTokenSource();
        CancellationToken ended = end.Token;
        _ = Task.Run(() => WatchAsync(onChanged, ended), CancellationToken.None);
        return new Watching(end);
    }

    private async Task WatchAsync(Action<VmKey> onChanged, CancellationToken ended)
    {
        var last = new Dictionary<Guid, VmPowerState>();
        while (!ended.IsCancellationRequested)
        {
            try
            {
                Dictionary<Guid, VmPowerState> now = await ReadStatesAsync(ended).ConfigureAwait(false);
                foreach (Guid id in now.Keys.Union(last.Keys))
                {
                    if (!now.TryGetValue(id, out VmPowerState present) || !last.TryGetValue(id, out VmPowerState former) || present != former)
                    {
                        onChanged(new VmKey(HostId, id));
                    }
                }

                last = now;
                await _options.Clock.Delay(WatchPause, ended).ConfigureAwait(false);
                await Task.Yield();
            }
            catch (HypervisorException)
            {
                // The host is restarted, or its network: whoever asks it something is told, and this goes on when it is back.
                await WaitAsync(WatchPause, ended).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task WaitAsync(TimeSpan time, CancellationToken ended)
    {
        try
        {
            await _options.Clock.Delay(time, ended).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // It ends where it is looked at.
        }
    }

    private async Task<Dictionary<Guid, VmPowerState>> ReadStatesAsync(CancellationToken cancellation)
    {
        var states = new Dictionary<Guid, VmPowerState>();
        foreach (CimRecord system in await QueryAsync(Names.ComputerSystem.Class, "watching the virtual machines", cancellation).ConfigureAwait(false))
        {
            if (Guid.TryParse(system.Text(Names.ComputerSystem.Name), out Guid id))
            {
                states[id] = StateOf(system);
            }
        }

        return states;
    }

    private async Task PumpAsync(VmKey vm, KvpStream stream)
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            while (!stream.IsClosed)
            {
                CimRecord system = await FindAsync(vm, CancellationToken.None).ConfigureAwait(false);
                CimRecord? exchange = (await ReadDevicesAsync(system, Names.KvpComponent.Class, CancellationToken.None).ConfigureAwait(false)).FirstOrNone();
                if (StateOf(system) != VmPowerState.Running || exchange is null)
                {
                    break;
                }

                IReadOnlyDictionary<string, string> changes = stream.Pump(ReadItems(exchange.Texts(Names.KvpComponent.GuestExchangeItems)));
                await SetItemsAsync(system, Names.ManagementService.AddKvpItems, Where(changes, item => !known.Contains(item)), CancellationToken.None).ConfigureAwait(false);
                await SetItemsAsync(system, Names.ManagementService.ModifyKvpItems, Where(changes, known.Contains), CancellationToken.None).ConfigureAwait(false);
                known.UnionWith(changes.Keys);
                await _options.Clock.Delay(PumpPause, CancellationToken.None).ConfigureAwait(false);
                await Task.Yield();
            }
        }
        catch (HypervisorException)
        {
            // The machine is gone, or the host: to whoever reads the channel is over, and the next opening says why.
        }
        finally
        {
            stream.End();
        }
    }

    private static Dictionary<string, string> Where(IReadOnlyDictionary<string, string> values, Func<string, bool> isMeant) =>
        values.Where(value => isMeant(value.Key)).ToDictionary(value => value.Key, value => value.Value);

    private async Task<Dictionary<string, string>> ReadHostItemsAsync(CimRecord exchange, string name, CancellationToken cancellation)
    {
        IReadOnlyList<CimRecord> settings = await _calls.AssociatorsAsync(
            exchange.Path,
            new CimAssociation(Names.ElementSettings.Class, Names.ElementSettings.ManagedElement, Names.ElementSettings.SettingData, Names.KvpSettings.Class),
            name,
            "reading what was said to its guest",
            cancellation).ConfigureAwait(false);
        return ReadItems(settings.FirstOrNone()?.Texts(Names.KvpSettings.HostExchangeItems) ?? []);
    }

    private async Task SetItemsAsync(CimRecord system, string method, Dictionary<string, string> items, CancellationToken cancellation)
    {
        if (items.Count == 0)
        {
            return;
        }

        string name = NameOf(system);
        await _calls.DoAsync(
            await _calls.GetServiceAsync(name, cancellation).ConfigureAwait(false),
            method,
            new()
            {
                [Names.ManagementService.TargetSystem] = system.Path,
                [Names.ManagementService.DataItems] = items.Select(item => CimXml.Write(new CimRecord(
                    new CimPath(Names.VirtualizationNamespace, Names.KvpItem.Class, new Dictionary<string, object>()),
                    new Dictionary<string, object?>
                    {
                        [Names.KvpItem.Name] = item.Key, [Names.KvpItem.Data] = item.Value, [Names.KvpItem.Source] = HyperVValues.HostItem,
                    }))).ToArray(),
            },
            name,
            "speaking with its guest",
            cancellation).ConfigureAwait(false);
    }

    private sealed class Watching(CancellationTokenSource end) : IDisposable
    {
        public void Dispose()
        {
            if (!end.IsCancellationRequested)
            {
                end.Cancel();
                end.Dispose();
            }
        }
    }
}
