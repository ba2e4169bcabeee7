namespace VmUpdate.Core.Broker;

/// <summary>What is looked at on a host.</summary>
public enum HostCheckKind
{
    /// <summary>Whether the store can be written.</summary>
    Store,

    /// <summary>Which machines were declared.</summary>
    Machines,

    /// <summary>Whether the host's load can be measured, and whether something may begin now.</summary>
    Load,

    /// <summary>Whether work was suspended.</summary>
    Suspension,

    /// <summary>Whether a broker runs, and hears urgent tasks at once.</summary>
    Broker,

    /// <summary>Whether machines were left awake.</summary>
    LeftAwake,

    /// <summary>What guests may ask for.</summary>
    GuestPolicy,
}
