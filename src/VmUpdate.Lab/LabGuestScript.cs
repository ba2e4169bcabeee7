using System.Text.Json.Serialization;

namespace VmUpdate.Lab;

/// <summary>
/// What the guest of a made-up machine does with a task: how long each part takes, what comes between, and how it ends. A task keeps the
/// script that was there when it was handed over.
/// </summary>
/// <remarks>
/// It searches, downloads, applies. Applying is cut into equal pieces: between them its connection is lost, then it restarts, as often
/// as is said here.
/// </remarks>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record LabGuestScript
{
    /// <summary>The most interruptions of one task: more are no script of a guest, but a mistake.</summary>
    public const int MostInterruptions = 100;

    /// <summary>How long it searches; <see langword="null"/> for what the lab's timings say.</summary>
    public TimeSpan? Searching { get; init; }

    /// <summary>How long it downloads; <see langword="null"/> for what the lab's timings say.</summary>
    public TimeSpan? Downloading { get; init; }

    /// <summary>How long it applies, all pieces together; <see langword="null"/> for what the lab's timings say.</summary>
    public TimeSpan? Applying { get; init; }

    /// <summary>How often it loses its connection while it applies.</summary>
    public int Disconnects { get; init; }

    /// <summary>How long it is away each time; <see langword="null"/> for what the lab's timings say.</summary>
    public TimeSpan? Away { get; init; }

    /// <summary>How often it restarts by itself while it applies. Where it may not, it asks for one at the end instead.</summary>
    public int Restarts { get; init; }

    /// <summary>How long a restart takes; <see langword="null"/> for what the lab's timings say.</summary>
    public TimeSpan? Restart { get; init; }

    /// <summary>Whether it needs a restart when it is done.</summary>
    public bool NeedsRestart { get; init; }

    /// <summary>How it ends.</summary>
    public LabGuestEnd End { get; init; }

    /// <summary>In which part an end other than success comes.</summary>
    public LabGuestPhase EndsIn { get; init; } = LabGuestPhase.Applying;

    /// <summary>How many attempts of a run end like that, so that the next one succeeds; <see langword="null"/> for all.</summary>
    public int? EndTimes { get; init; }

    /// <summary>The status that it reports when it talks nonsense.</summary>
    public int NonsenseStatus { get; init; } = 42;

    /// <summary>What it says at the end.</summary>
    public string Message { get; init; } = string.Empty;

    /// <summary>Whether it has no update agent for any instructor.</summary>
    public bool HasNoAgent { get; init; }

    /// <summary>Whether it refuses tasks.</summary>
    public bool RefusesTasks { get; init; }

    /// <summary>
    /// Files that a task leaves on the machine's boot disk, text by path: written when the machine shuts down cleanly after the task
    /// succeeded. A file that is there is written anew.
    /// </summary>
    public IReadOnlyDictionary<string, string> Files { get; init; } = new Dictionary<string, string>();

    /// <summary>The same for text values of SOFTWARE: text by key and name, <c>Contoso\Desk\Version</c>.</summary>
    public IReadOnlyDictionary<string, string> SoftwareValues { get; init; } = new Dictionary<string, string>();

    /// <summary>What is wrong with the script.</summary>
    /// <returns>One sentence; <see langword="null"/> when nothing is.</returns>
    public string? WhyNotUsable()
    {
        TimeSpan?[] times = [Searching, Downloading, Applying, Away, Restart];
        if (times.Any(time => time < TimeSpan.Zero || time > TimeSpan.FromDays(1)))
        {
            return "A time of a guest's script is not negative, and at most a day.";
        }

        if (SoftwareValues.Keys.FirstOrDefault(path => path.LastIndexOf('\\') < 1) is { } noKey)
        {
            return $"The value '{noKey}' of a guest's script is in no key: key and name are parted by a backslash.";
        }

        return Disconnects is < 0 or > MostInterruptions || Restarts is < 0 or > MostInterruptions || EndTimes < 0
            ? $"A guest is interrupted 0 to {MostInterruptions} times."
            : null;
    }
}
