using VmUpdate.Core.Guests;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;

namespace VmUpdate.Core.Broker;

/// <summary>What a broker works with.</summary>
public sealed class BrokerServices
{
    /// <summary>Where tasks and runs are written down.</summary>
    public required VmUpdateStore Store { get; init; }

    /// <summary>The host.</summary>
    public required IHypervisor Hypervisor { get; init; }

    /// <summary>The host's load.</summary>
    public required IHostMetrics Metrics { get; init; }

    /// <summary>Who is logged on.</summary>
    public required IUserSessions Sessions { get; init; }

    /// <summary>Words with the guests.</summary>
    public required IGuestTasks Guests { get; init; }

    /// <summary>Time.</summary>
    public IClock Clock { get; init; } = SystemClock.Instance;

    /// <summary>How long a call to the host or a guest may take beyond its own time-out; what takes longer is not waited for. Default 10 minutes.</summary>
    public TimeSpan CallLimit { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a look at the host may take. Default 30 seconds.</summary>
    public TimeSpan LookLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often the host is measured, its machines are listed. Default 10 seconds.</summary>
    public TimeSpan LookEvery { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often the store is asked for orders although nobody woke the broker. Default 2 seconds; more than 5 breaks what is promised.</summary>
    public TimeSpan AskStoreEvery { get; init; } = TimeSpan.FromSeconds(2);
}
