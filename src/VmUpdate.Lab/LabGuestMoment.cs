namespace VmUpdate.Lab;

/// <summary>A guest's task from one moment to the next.</summary>
/// <param name="From">When it begins, in time that the guest worked on the task.</param>
/// <param name="Status">What the guest reports then.</param>
/// <param name="Percent">How far it says it is.</param>
/// <param name="IsReachable">Whether it can be asked.</param>
/// <param name="Message">What it says.</param>
internal sealed record LabGuestMoment(TimeSpan From, int Status, int? Percent, bool IsReachable, string Message);
