namespace VmUpdate.Simulation.Machines;

/// <summary>Ends what runs as a kill would: nobody foresees it, so nobody cleans up behind it.</summary>
public sealed class KilledException : Exception
{
    public KilledException(string where)
        : base($"killed: {where}")
    {
    }
}
