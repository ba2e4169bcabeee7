using VmUpdate.Core.Identity;

namespace VmUpdate.Core.Images;

/// <summary>How an exported identity is put onto a new disk.</summary>
public sealed record IdentityImportOptions
{
    /// <summary>The master that the new disk becomes a child of; the pool's own when <see langword="null"/>.</summary>
    public string? MasterPath { get; init; }

    /// <summary>The new disk's full path. Nothing may be there.</summary>
    public required string DiskPath { get; init; }

    /// <summary>Sets that are carried only on the administrator's word, and are wanted here, by their ids.</summary>
    public IReadOnlyCollection<string> CarryOnWord { get; init; } = [];

    /// <summary>Sets that are not carried although they could be, by their ids.</summary>
    public IReadOnlyCollection<string> LeaveOut { get; init; } = [];

    /// <summary>What becomes of the keys that protect a machine's own secrets.</summary>
    public DpapiMode Dpapi { get; init; }

    /// <summary>Whether the export may be of another machine, or of none that it names: of one that was made anew since.</summary>
    public bool AllowOtherMachine { get; init; }

    /// <summary>Whether a master that shares its machine SID with the machine serves although its Windows refuses logons between such machines.</summary>
    public bool AllowSharedMachineSid { get; init; }
}
