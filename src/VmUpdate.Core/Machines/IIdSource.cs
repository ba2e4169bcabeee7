namespace VmUpdate.Core.Machines;

/// <summary>New ids, as the only way to them.</summary>
public interface IIdSource
{
    /// <summary>A new id.</summary>
    /// <returns>An id that nothing else has.</returns>
    Guid NewGuid();
}
