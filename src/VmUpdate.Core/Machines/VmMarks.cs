namespace VmUpdate.Core.Machines;

/// <summary>The marks that VmUpdate keeps in a machine's own description.</summary>
public static class VmMarks
{
    /// <summary>The name of the pool that the machine is in.</summary>
    public const string Pool = "pool";

    /// <summary>What the machine was declared to be: Personal, Pooled.</summary>
    public const string Role = "role";

    /// <summary>That VmUpdate woke the machine, and the state to put it back to: Saved, Off, Paused.</summary>
    public const string Woken = "woken";

    /// <summary>That VmUpdate made the machine for one piece of work, and that work's id: see <see cref="IBuildMachines"/>.</summary>
    public const string Build = "build";
}
