namespace VmUpdate.Core.Tasks;

/// <summary>When a restart that an update needs is done.</summary>
public enum RestartPolicy
{
    /// <summary>Only when nobody has a session, so that no open work is lost; else the restart stays pending.</summary>
    IfNoSession,

    /// <summary>Never: the restart stays pending.</summary>
    Never,

    /// <summary>Always, whoever is logged on.</summary>
    Always,
}
