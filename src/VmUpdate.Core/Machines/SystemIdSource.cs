namespace VmUpdate.Core.Machines;

/// <summary>Random ids.</summary>
public sealed class SystemIdSource : IIdSource
{
    /// <summary>The one source.</summary>
    public static SystemIdSource Instance { get; } = new();

#pragma warning disable RS0030 // this is the port's real end
    /// <inheritdoc/>
    public Guid NewGuid() => Guid.NewGuid();
#pragma warning restore RS0030
}
