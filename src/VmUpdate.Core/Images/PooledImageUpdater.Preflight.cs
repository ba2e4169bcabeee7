using VmUpdate.Core.Identity;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;

namespace VmUpdate.Core.Images;

/// <content>What a swap would do.</content>
public sealed partial class PooledImageUpdater
{
    private async Task<IReadOnlyList<PreflightResult>> PreflightAsync(
        VmSelection selection, SwapOptions options, SwapDirection direction, Action<string, int>? progress, CancellationToken cancellation)
    {
        IReadOnlyList<VmTarget> targets = await TargetResolver.ResolveAsync(Hypervisor, Store, selection, cancellation).ConfigureAwait(false);
        using RunContext run = await BeginRunAsync(options, direction, cancellation).ConfigureAwait(false);
        var checker = new SwapChecker(run);
        var results = new List<PreflightResult>();
        foreach (VmTarget target in targets)
        {
            progress?.Invoke(target.Name, results.Count * 100 / targets.Count);
            using SwapCheck check = await checker.CheckAsync(target, cancellation).ConfigureAwait(false);
            if (Store.FindOpenSwap(target.Key) is { } open)
            {
                check.Warn("OpenSwap", $"a swap of it has stood at {open.State} since {open.Began:u}. It is finished or undone first.");
            }

            results.Add(Describe(check, run));
        }

        return results;
    }

    private PreflightResult Describe(SwapCheck check, RunContext run)
    {
        PreflightFinding? gravest = check.Findings.OrderByDescending(finding => finding.Verdict).FirstOrDefault();
        bool isGoing = check.Refusal is null && !check.IsCurrent;
        return new PreflightResult
        {
            VMName = check.Target.Name,
            VMId = check.Target.Key.VmId,
            Key = check.Target.Key,
            Pool = check.Pool?.Name ?? string.Empty,
            Verdict = gravest?.Verdict ?? PreflightVerdict.Ready,
            Reason = gravest?.Reason ?? string.Empty,
            Remedy = gravest?.Remedy ?? string.Empty,
            Findings = check.Findings.ToList(),
            IsCurrent = check.IsCurrent,
            From = check.From,
            To = check.ParentPath,
            DiskPath = check.BootDisk?.Path ?? string.Empty,
            NewDiskPath = isGoing ? DiskNames.Next(check.BootDisk!.Path, check.Target.Name, check.NextRevision) : string.Empty,
            Carried = Sets(check.Plan, SetOutcome.Carried),
            Stripped = Sets(check.Plan, SetOutcome.Stripped),
            NotCarried = Sets(check.Plan, SetOutcome.NotCarried),
            Plan = check.Plan,
            CheckedWhenStopped = check.CheckedWhenStopped,
            Steps = isGoing ? Steps(check, run) : [],
        };
    }

    private static List<string> Sets(IdentityPlan? plan, SetOutcome outcome) =>
        plan?.Decisions.Where(decision => decision.Outcome == outcome).Select(decision => decision.Set).ToList() ?? [];

    private List<string> Steps(SwapCheck check, RunContext run)
    {
        string name = check.Target.Name;
        VmPowerState power = check.Target.Machine!.State;
        string newPath = DiskNames.Next(check.BootDisk!.Path, name, check.NextRevision);
        var steps = new List<string> { $"make {newPath}, a {(Hypervisor.HasDifferencingDisks ? "child" : "copy")} of {check.ParentPath}" };
        if (power is VmPowerState.Saved or VmPowerState.Paused)
        {
            steps.Add($"let {name}, which is {power}, run on");
        }

        if (power != VmPowerState.Off)
        {
            steps.Add($"shut the guest of {name} down cleanly");
        }

        if (run.Direction == SwapDirection.Update)
        {
            steps.Add($"copy the identity out of {check.BootDisk.Path}");
            steps.Add("write it into the new disk, read it back, compare");
        }

        steps.Add($"put the new disk in the old one's place at {check.BootDisk.Location}");
        if (power != VmPowerState.Off)
        {
            steps.Add(power == VmPowerState.Running ? $"start {name}" : $"start {name}, and make it {power} again");
        }

        steps.Add($"keep {check.BootDisk.Path} for {check.Pool!.KeepOldDisksFor.TotalDays:0.#} days");
        return steps;
    }
}
