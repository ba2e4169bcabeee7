using System.Globalization;

namespace VmUpdate.Simulation.World;

/// <summary>What a campaign played.</summary>
/// <param name="Worlds">How many worlds.</param>
/// <param name="Steps">How many steps.</param>
/// <param name="VmSteps">How many steps, times the machines of each world.</param>
/// <param name="Deaths">How many times a broker died.</param>
/// <param name="Elapsed">How long it took.</param>
public sealed record CampaignResult(int Worlds, long Steps, long VmSteps, int Deaths, TimeSpan Elapsed)
{
    /// <inheritdoc/>
    public override string ToString() => string.Format(
        CultureInfo.InvariantCulture,
        "{0} worlds, {1:N0} steps, {2:N0} VM-steps, {3:N0} deaths of the broker, {4:0.0} s: {5:N0} VM-steps/s",
        Worlds, Steps, VmSteps, Deaths, Elapsed.TotalSeconds, VmSteps / Math.Max(0.001, Elapsed.TotalSeconds));
}
