using VmUpdate.Core.Machines;

namespace VmUpdate.Core.Guests;

/// <summary>What a host agent works with, and its patience.</summary>
public sealed class HostAgentOptions
{
    /// <summary>The host: says which machines run, and what they are called.</summary>
    public required IHypervisor Hypervisor { get; init; }

    /// <summary>Where the machines' channels are.</summary>
    public required IGuestPort Port { get; init; }

    /// <summary>Time.</summary>
    public IClock Clock { get; init; } = SystemClock.Instance;

    /// <summary>How long a guest's agent may take to answer, and to take what it is sent. Default 30 seconds.</summary>
    public TimeSpan AnswerTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A guest of which nothing was heard for so long is asked whether it is there. Default 30 seconds.</summary>
    public TimeSpan PingEvery { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a guest that took a restart may take to go down. Default 5 minutes.</summary>
    public TimeSpan RestartTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long after a broken channel it is opened again; each time in vain doubles it. Default 200 milliseconds.</summary>
    public TimeSpan FirstRetry { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest wait before a running machine's channel is opened again, although no event said that it is worth it. Default 30 seconds.</summary>
    public TimeSpan LongestRetry { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often all machines are listed, for events that were lost with the connection to the host. Default 1 minute.</summary>
    public TimeSpan LookEvery { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How many messages of one guest are taken in a second, on average; a line that is none counts as ten. Then its channel is not read for a
    /// while, so that the guest has to wait. Default 500.
    /// </summary>
    public int MessagesPerSecond { get; init; } = 500;

    /// <summary>How many bytes of one guest are taken in a second, on average. Default 4 MiB.</summary>
    public int BytesPerSecond { get; init; } = 4 * 1024 * 1024;
}
