using System.Diagnostics;

namespace VmUpdate.Core.Store;

/// <summary>Who holds a lease.</summary>
/// <param name="Owner">Account and computer.</param>
/// <param name="ProcessId">The process.</param>
/// <param name="ProcessStarted">When the process started, in UTC: tells it from a later one with the same id.</param>
/// <param name="Acquired">When it got the lease, in UTC.</param>
public sealed record LeaseHolder(string Owner, int ProcessId, DateTime ProcessStarted, DateTime Acquired)
{
    /// <summary>This process.</summary>
    /// <param name="utcNow">The time, in UTC.</param>
    /// <returns>The holder.</returns>
    public static LeaseHolder Current(DateTime utcNow)
    {
        using var process = Process.GetCurrentProcess();
        return new LeaseHolder(
            $"{Environment.UserName} on {Environment.MachineName}", process.Id, process.StartTime.ToUniversalTime(), utcNow);
    }
}
