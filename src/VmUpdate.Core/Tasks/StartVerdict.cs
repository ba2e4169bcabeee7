namespace VmUpdate.Core.Tasks;

/// <summary>Whether the schedule lets a run start.</summary>
/// <param name="Reason">Why, or why not.</param>
/// <param name="Until">When to ask again, in UTC: the answer is the same until then.</param>
internal readonly record struct StartVerdict(StartReason Reason, DateTime Until)
{
    /// <summary>Whether it may start now.</summary>
    public bool MayStart => Reason == StartReason.Open;

    /// <summary>Whether it never may any more.</summary>
    public bool IsOver => Reason is StartReason.EndTimePassed or StartReason.StopTimePassed;

    /// <summary>It may start.</summary>
    /// <param name="until">Until when.</param>
    /// <returns>The verdict.</returns>
    public static StartVerdict Open(DateTime until) => new(StartReason.Open, until);

    /// <summary>It may not start yet.</summary>
    /// <param name="reason">Why.</param>
    /// <param name="until">When to ask again.</param>
    /// <returns>The verdict.</returns>
    public static StartVerdict NotYet(StartReason reason, DateTime until) => new(reason, until);

    /// <summary>It never may any more.</summary>
    /// <param name="reason">Why.</param>
    /// <returns>The verdict.</returns>
    public static StartVerdict Over(StartReason reason) => new(reason, DateTime.MaxValue);
}
