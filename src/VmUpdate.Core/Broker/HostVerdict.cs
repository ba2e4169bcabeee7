namespace VmUpdate.Core.Broker;

/// <summary>How grave a finding is.</summary>
public enum HostVerdict
{
    /// <summary>It is as it should be.</summary>
    Ready,

    /// <summary>Updates are possible, and something should be known.</summary>
    Warn,

    /// <summary>Nothing can be updated like this.</summary>
    Blocked,
}
