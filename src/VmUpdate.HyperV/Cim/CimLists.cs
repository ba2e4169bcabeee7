namespace VmUpdate.HyperV.Cim;

/// <summary>What CIM gives as a list, and is most often one or none.</summary>
internal static class CimLists
{
    /// <summary>The first, or nothing.</summary>
    internal static T? FirstOrNone<T>(this IReadOnlyList<T> list)
        where T : class => list.Count > 0 ? list[0] : null;
}
