using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.PowerShell.Output;

namespace VmUpdate.PowerShell.Commands;

/// <summary>The base of the cmdlets about pools themselves.</summary>
public abstract class PoolCmdlet : HostCmdlet
{
    /// <summary>The most days an old disk may be kept: ten years, beyond which somebody mistyped.</summary>
    protected const int MaxDays = 3650;

    private IReadOnlyList<MachineInfo>? _machines;

    /// <summary>Writes a pool.</summary>
    /// <param name="pool">The pool.</param>
    protected void Write(PoolRecord pool)
    {
        _machines ??= GetMachines(VmSelection.All);
        WriteObject(new VmUpdatePool(pool, HostName, _machines.Count(machine => IsIn(machine, pool))));
    }

    /// <summary>A number of days as a time.</summary>
    /// <param name="days">The days.</param>
    /// <returns>The time; <see langword="null"/> when none was given.</returns>
    protected static TimeSpan? Days(int? days) => days is { } given ? TimeSpan.FromDays(given) : null;

    private static bool IsIn(MachineInfo machine, PoolRecord pool) =>
        machine.Role == MachineRole.Pooled && string.Equals(machine.Pool, pool.Name, StringComparison.OrdinalIgnoreCase);
}
