using VmUpdate.Core.Broker;
using VmUpdate.Core.Machines;
using VmUpdate.PowerShell.Output;

namespace VmUpdate.PowerShell.Hosts;

/// <summary>Gathers what Get-VmUpdateHost shows.</summary>
internal static class HostStatus
{
    /// <summary>Reads a host's status.</summary>
    internal static VmUpdateHostStatus Read(HostSession session, CancellationToken stop)
    {
        string hostId = session.Host.HostId;
        HostLoad load = Task.Run(() => session.Broker.Metrics.GetLoadAsync(stop), stop).GetAwaiter().GetResult();
        return new VmUpdateHostStatus(
            session.Host.ComputerName,
            load,
            session.Store.GetLimits(hostId),
            session.Store.FindBrokerStatus(hostId),
            session.Tasks.WakeBroker(),
            session.Store.GetAwakeMachines(hostId),
            session.Store.GetOpenRuns(hostId).Count,
            GuestPolicyFile.Read(session.Store));
    }
}
