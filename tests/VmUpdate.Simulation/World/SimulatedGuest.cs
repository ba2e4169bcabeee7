using VmUpdate.Core.Guests;
using VmUpdate.Core.Machines;

namespace VmUpdate.Simulation.World;

/// <summary>A guest: whether it can be reached, who is logged on, and what it has of the broker's.</summary>
internal sealed class SimulatedGuest
{
    /// <summary>Whether its agent answers.</summary>
    public bool IsReachable { get; set; }

    /// <summary>Who is logged on.</summary>
    public List<UserSession> Sessions { get; } = [];

    /// <summary>When each session became active, in the time that the host was awake.</summary>
    public Dictionary<int, TimeSpan> ActiveSince { get; } = [];

    /// <summary>What a broker was told last of its sessions; <see langword="null"/> when it was told that they cannot be known.</summary>
    public IReadOnlyList<UserSession>? ToldSessions { get; set; } = [];

    /// <summary>The run and attempt it works on.</summary>
    public (Guid Run, int Attempt)? Work { get; set; }

    /// <summary>What it says of that.</summary>
    public GuestStatus Status { get; set; }

    /// <summary>Whether it wants a restart at the end.</summary>
    public bool WantsRestart { get; set; }

    /// <summary>How often it began each run, by attempt: what a guest began it does not begin again.</summary>
    public Dictionary<Guid, HashSet<int>> Begun { get; } = [];

    /// <summary>The last status that the broker was told, of the work it is on.</summary>
    public GuestStatus Told { get; set; }
}
