using VmUpdate.Core.Identity.Secrets;

namespace VmUpdate.Core.Identity;

/// <summary>What an administrator may decide about the identity of one swap.</summary>
public sealed class IdentityOptions
{
    /// <summary>The machine's id; a bundle is only ever used for the machine it was taken from.</summary>
    public required Guid VmId { get; init; }

    /// <summary>The machine's name, for people.</summary>
    public required string VmName { get; init; }

    /// <summary>Ids of bundles: each call gives a new one.</summary>
    public required Func<Guid> NewGuid { get; init; }

    /// <summary>The time, in UTC.</summary>
    public required Func<DateTime> UtcNow { get; init; }

    /// <summary>When user data is carried.</summary>
    public UserDataMode UserData { get; init; }

    /// <summary>Which files count as user data (<c>Users\*\Documents\**</c>); the catalogue's patterns when empty.</summary>
    public IReadOnlyList<string> UserDataPatterns { get; init; } = [];

    /// <summary>The most user data that is carried, in bytes; more of it refuses the swap. 2 GiB when not given.</summary>
    public long UserDataLimitBytes { get; init; } = 2L << 30;

    /// <summary>Whether a user's session had to be ended for this swap.</summary>
    public bool UserWasForcedOff { get; init; }

    /// <summary>What becomes of the DPAPI keys of the new disk when the old one's are carried.</summary>
    public DpapiMode Dpapi { get; init; }

    /// <summary>
    /// Sets with the verb <see cref="SetVerb.Ask"/> that the administrator wants carried, by id; and sets whose precondition his word
    /// stands above.
    /// </summary>
    public IReadOnlyCollection<string> CarryOnWord { get; init; } = [];

    /// <summary>Sets whose items the master loses only on the administrator's word (<see cref="MasterVerb.Ask"/>), and shall lose, by id.</summary>
    public IReadOnlyCollection<string> StripOnWord { get; init; } = [];

    /// <summary>
    /// Whether a machine may get a master that is not generalized although Windows of its build refuses logons between machines of one SID.
    /// </summary>
    public bool AllowSharedMachineSid { get; init; }

    /// <summary>The machine's join data for a generalized master, or <see langword="null"/>: base64 in ASCII, a secret.</summary>
    internal Func<SecretBuffer?>? JoinData { get; init; }

    /// <summary>Sets that are not carried although they could be, by id. What depends on them is not carried either.</summary>
    public IReadOnlyCollection<string> LeaveOut { get; init; } = [];

    /// <summary>
    /// Whether the new disk is a child of a disk that the machine had before: then that disk's own identity stands, and only what changes
    /// while a machine runs is taken from the disk it leaves.
    /// </summary>
    internal bool IsWayBack { get; init; }
}
