using VmUpdate.Core.Machines;

namespace VmUpdate.Core.Images;

/// <summary>What a run did to one machine. There is one for each machine, whether it went well or not.</summary>
public sealed record PooledVmUpdateResult
{
    /// <summary>The machine's name.</summary>
    public required string VMName { get; init; }

    /// <summary>The machine's id; empty when no machine has the name.</summary>
    public required Guid VMId { get; init; }

    /// <summary>The pool it is in; empty when it is in none.</summary>
    public string Pool { get; init; } = string.Empty;

    /// <summary>How it came out.</summary>
    public required PooledVmUpdateState State { get; init; }

    /// <summary>The image it was on; empty when that is not known.</summary>
    public string From { get; init; } = string.Empty;

    /// <summary>The image it was to be on.</summary>
    public string To { get; init; } = string.Empty;

    /// <summary>The number of its disk now; 0 when that is not known.</summary>
    public int Revision { get; init; }

    /// <summary>The disk it is on now.</summary>
    public string DiskPath { get; init; } = string.Empty;

    /// <summary>The disk it was on before, which is kept; empty when it was not moved.</summary>
    public string OldDisk { get; init; } = string.Empty;

    /// <summary>Until when the old disk is kept, in UTC.</summary>
    public DateTime? KeptUntil { get; init; }

    /// <summary>How long it took.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>How long the machine could not be used; zero when it was off anyway.</summary>
    public TimeSpan Downtime { get; init; }

    /// <summary>The users that were logged off for it.</summary>
    public IReadOnlyList<string> UsersLoggedOff { get; init; } = [];

    /// <summary>The sets of identity that the new disk has from the old one.</summary>
    public IReadOnlyList<string> SetsCarried { get; init; } = [];

    /// <summary>The sets of identity that were removed from what the master brought.</summary>
    public IReadOnlyList<string> SetsStripped { get; init; } = [];

    /// <summary>The sets of identity that the old disk had and the new one has not.</summary>
    public IReadOnlyList<string> SetsLost { get; init; } = [];

    /// <summary>What confirmed the identity: <c>Guest</c>, or <c>Disk</c> when there was no way to ask the guest; empty when nothing was swapped.</summary>
    public string VerifiedBy { get; init; } = string.Empty;

    /// <summary>What the administrator should know although it went well.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>The id of what failed; empty when nothing did.</summary>
    public string ErrorId { get; init; } = string.Empty;

    /// <summary>What failed, in one sentence; empty when nothing did.</summary>
    public string Error { get; init; } = string.Empty;

    /// <summary>What failed, for an error record; <see langword="null"/> when nothing did.</summary>
    public VmUpdateException? Exception { get; init; }

    /// <summary>The machine's key.</summary>
    public required VmKey Key { get; init; }
}
