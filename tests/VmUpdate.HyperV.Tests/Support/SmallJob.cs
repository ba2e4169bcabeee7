namespace VmUpdate.HyperV.Tests.Support;

/// <summary>A job of the small Hyper-V: what it does is done when its time has come.</summary>
internal sealed class SmallJob
{
    internal required TimeSpan Ends { get; init; }

    internal required Action Work { get; init; }

    /// <summary>Its JobState, and when it went wrong its code and words.</summary>
    internal ushort State { get; set; } = 4;

    internal ushort ErrorCode { get; set; }

    internal string Words { get; set; } = string.Empty;
}
