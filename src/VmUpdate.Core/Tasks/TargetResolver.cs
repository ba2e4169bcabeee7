namespace VmUpdate.Core.Tasks;

/// <summary>Finds the machines that a task is for.</summary>
internal static class TargetResolver
{
    /// <summary>The machines, in the host's order, each once; and what is wrong with the targets.</summary>
    /// <param name="targets">What was named.</param>
    /// <param name="machines">All machines of the host.</param>
    /// <param name="findings">Takes what is wrong, one finding each.</param>
    /// <returns>The machines.</returns>
    public static IReadOnlyList<TargetMachine> Resolve(
        TaskTargets targets, IReadOnlyList<TargetMachine> machines, ICollection<TaskFinding> findings)
    {
        if (targets.IsEmpty)
        {
            findings.Add(TaskFinding.Error(TaskDefect.NoTarget, "No machine is named: say which by name, id, pattern, pool or kind."));
        }

        foreach (string name in targets.Names)
        {
            RequireOne(machines.Where(m => SameName(m.Name, name)).ToList(), $"machine '{name}'", findings);
        }

        foreach (Guid id in targets.Ids)
        {
            RequireOne(machines.Where(m => m.Key.VmId == id).ToList(), $"machine with the id {id}", findings);
        }

        foreach (string pattern in targets.Patterns.Where(p => !machines.Any(m => Takes(p, m))))
        {
            findings.Add(pattern.Trim().Length == 0
                ? TaskFinding.Error(TaskDefect.NoTarget, "A pattern for names is empty: '*' stands for all.")
                : TaskFinding.Warning(TaskDefect.NoTarget, $"No personal or pooled machine's name fits the pattern '{pattern}'."));
        }

        foreach (string pool in targets.Pools.Where(p => !machines.Any(m => m.Pool is { } own && SameName(own, p))))
        {
            findings.Add(TaskFinding.Error(TaskDefect.NoTarget, $"No machine of this host is in a pool '{pool}'."));
        }

        List<TargetMachine> found = machines.Where(m => Includes(targets, m)).ToList();
        if (found.Count == 0 && !findings.Any(f => f.IsError))
        {
            findings.Add(TaskFinding.Error(TaskDefect.NoTarget, "No personal or pooled machine of this host is what was named."));
        }

        return found;
    }

    /// <summary>Whether a machine is one of those named.</summary>
    /// <param name="targets">What was named.</param>
    /// <param name="machine">The machine.</param>
    /// <returns>Whether the task is for it.</returns>
    public static bool Includes(TaskTargets targets, TargetMachine machine) =>
        machine.Kind != TargetKinds.None
        && ((targets.Kinds & machine.Kind) != 0
            || targets.Ids.Contains(machine.Key.VmId)
            || targets.Names.Any(n => SameName(n, machine.Name))
            || targets.Patterns.Any(p => Takes(p, machine))
            || (machine.Pool is { } pool && targets.Pools.Any(p => SameName(p, pool))));

    private static void RequireOne(List<TargetMachine> found, string what, ICollection<TaskFinding> findings)
    {
        if (found.Count == 0)
        {
            findings.Add(TaskFinding.Error(TaskDefect.UnknownVm, $"This host has no {what}."));
        }
        else if (found.Count > 1)
        {
            string ids = string.Join(", ", found.Select(m => m.Key.VmId));
            findings.Add(TaskFinding.Error(TaskDefect.AmbiguousVm, $"This host has {found.Count} times a {what}: name one by its id ({ids})."));
        }
        else if (found[0].Kind == TargetKinds.None)
        {
            findings.Add(TaskFinding.Error(
                TaskDefect.IgnoredVm, $"The {what} is ignored: declare it personal or pooled first (Set-VmUpdateMachine)."));
        }
    }

    private static bool Takes(string pattern, TargetMachine machine) =>
        machine.Kind != TargetKinds.None && NamePattern.Fits(pattern, machine.Name);

    private static bool SameName(string a, string b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);
}
