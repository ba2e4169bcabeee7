namespace VmUpdate.HyperV.Cim;

/// <summary>Which instances are asked for.</summary>
/// <param name="Namespace">The namespace of the class.</param>
/// <param name="ClassName">The class.</param>
/// <param name="Property">A property that must have a value; <see langword="null"/> for all instances.</param>
/// <param name="Value">The value.</param>
public sealed record CimQuery(string Namespace, string ClassName, string? Property = null, string Value = "")
{
    /// <summary>The language of <see cref="ToWql"/>.</summary>
    public const string Dialect = "WQL";

    /// <summary>The query as WMI reads it.</summary>
    /// <returns>A sentence of WQL; quotes and backslashes in the value stand for themselves.</returns>
    public string ToWql() => Property is null
        ? $"SELECT * FROM {ClassName}"
        : $"SELECT * FROM {ClassName} WHERE {Property} = '{Value.Replace("\\", "\\\\").Replace("'", "\\'")}'";
}
