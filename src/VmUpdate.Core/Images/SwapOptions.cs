using VmUpdate.Core.Identity;

namespace VmUpdate.Core.Images;

/// <summary>How machines are moved.</summary>
public sealed record SwapOptions
{
    /// <summary>The master to move to; the pool's own when <see langword="null"/>.</summary>
    public string? MasterPath { get; init; }

    /// <summary>How many machines are worked on at a time, from 1.</summary>
    public int ThrottleLimit { get; init; } = 1;

    /// <summary>After how many failures no further machine is begun; those refused by the checks do not count. 0: never.</summary>
    public int StopOnFailureCount { get; init; } = 3;

    /// <summary>How long a guest may take to shut down.</summary>
    public TimeSpan ShutdownTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a guest may take to boot and answer, where there is a way to ask it.</summary>
    public TimeSpan GuestTimeout { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>
    /// How long users are given after a message before they are logged off; <see langword="null"/>: a machine with a session is refused.
    /// </summary>
    public TimeSpan? DrainTime { get; init; }

    /// <summary>What users are told; <c>{0}</c> stands for the minutes they have.</summary>
    public string DrainMessage { get; init; } =
        "This desktop is about to be updated. Please save your work and log off within {0} minutes.";

    /// <summary>Whether a machine is stopped although it cannot be known whether somebody is logged on.</summary>
    public bool AllowUnknownSessions { get; init; }

    /// <summary>Whether a machine that another system manages is moved.</summary>
    public bool AllowManagedBy { get; init; }

    /// <summary>When the users' own files are carried.</summary>
    public UserDataMode UserData { get; init; }

    /// <summary>Which files count as user data; the catalogue's patterns when empty.</summary>
    public IReadOnlyList<string> UserDataPatterns { get; init; } = [];

    /// <summary>The most user data that is carried for one machine, in bytes; more of it refuses the machine.</summary>
    public long UserDataLimitBytes { get; init; } = 2L << 30;

    /// <summary>Sets that are carried only on the administrator's word, and are wanted here, by their ids.</summary>
    public IReadOnlyCollection<string> CarryOnWord { get; init; } = [];

    /// <summary>Sets that are not carried although they could be, by their ids. What depends on them is not carried either.</summary>
    public IReadOnlyCollection<string> LeaveOut { get; init; } = [];

    /// <summary>Sets that the master loses only on the administrator's word, and shall lose, by their ids.</summary>
    public IReadOnlyCollection<string> StripOnWord { get; init; } = [];

    /// <summary>Whether machines get a master that is not generalized although Windows of its build refuses logons between machines of one SID.</summary>
    public bool AllowSharedMachineSid { get; init; }

    /// <summary>
    /// A folder with join data for machines that get a generalized master: a file <c>&lt;machine's name&gt;.txt</c> each, as
    /// <c>djoin /provision /savefile</c> writes it; <see langword="null"/> when there is none.
    /// </summary>
    public string? JoinDataFolder { get; init; }

    /// <summary>What counts as identity in this call; the services' catalogue when <see langword="null"/>.</summary>
    public IdentityCatalogue? Catalogue { get; init; }

    /// <summary>What becomes of the keys that protect a machine's own secrets.</summary>
    public DpapiMode Dpapi { get; init; }

    /// <summary>On the way back: nothing is carried from the newer disk, not even secrets that changed since.</summary>
    public bool AsItWas { get; init; }
}
