namespace VmUpdate.Core.Broker;

/// <summary>How long a broker works.</summary>
public enum BrokerUntil
{
    /// <summary>Until nothing may start by its schedule and nothing is under way.</summary>
    NothingDue,

    /// <summary>What may start at once is started and finished.</summary>
    Once,

    /// <summary>Until no run is left.</summary>
    Empty,

    /// <summary>Until it is stopped.</summary>
    Stopped,
}
