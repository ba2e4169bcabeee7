namespace VmUpdate.Core.Broker;

/// <summary>What the broker is doing with a machine that it woke.</summary>
internal enum VmCare
{
    /// <summary>It did not wake it, or is through with it.</summary>
    None,

    /// <summary>It is waking it.</summary>
    Waking,

    /// <summary>It woke it.</summary>
    Awake,

    /// <summary>It asks who uses it before it is put back.</summary>
    Asking,

    /// <summary>It is putting it back.</summary>
    PuttingBack,

    /// <summary>It could not put it back.</summary>
    Left,
}
