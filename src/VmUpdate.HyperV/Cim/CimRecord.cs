using System.Globalization;
using VmUpdate.Core.Machines;

namespace VmUpdate.HyperV.Cim;

/// <summary>An instance as it was when it was read.</summary>
/// <remarks>
/// A property that a class has is there, with or without a value. To read one that is not there, or that is of another kind, is to know the
/// class wrongly: it fails, as the host's Hyper-V is then another than the one that this was written for.
/// </remarks>
public sealed class CimRecord
{
    private readonly IReadOnlyDictionary<string, object?> _properties;

    /// <summary>Makes a record.</summary>
    /// <param name="path">Which instance it is.</param>
    /// <param name="properties">Its properties: text, numbers, truth values, times, records, arrays of them, or nothing.</param>
    public CimRecord(CimPath path, IReadOnlyDictionary<string, object?> properties)
    {
        Path = path;
        _properties = properties;
    }

    /// <summary>Which instance it is.</summary>
    public CimPath Path { get; }

    /// <summary>All properties.</summary>
    public IReadOnlyDictionary<string, object?> Properties => _properties;

    /// <summary>A text.</summary>
    /// <param name="name">The property.</param>
    /// <returns>The text; empty when it has no value.</returns>
    public string Text(string name) => Value(name) switch
    {
        null => string.Empty,
        string text => text,
        object other => throw Unlike(name, "a text", other),
    };

    /// <summary>Texts.</summary>
    /// <param name="name">The property.</param>
    /// <returns>The texts; none when it has no value.</returns>
    public IReadOnlyList<string> Texts(string name) => Value(name) switch
    {
        null => [],
        string[] texts => texts,
        object other => throw Unlike(name, "a list of texts", other),
    };

    /// <summary>A whole number.</summary>
    /// <param name="name">The property.</param>
    /// <returns>The number, or nothing.</returns>
    public long? Number(string name) => Value(name) switch
    {
        null => null,
        object value when IsNumber(value) => Convert.ToInt64(value, CultureInfo.InvariantCulture),
        object other => throw Unlike(name, "a number", other),
    };

    /// <summary>Whole numbers.</summary>
    /// <param name="name">The property.</param>
    /// <returns>The numbers; none when it has no value.</returns>
    public IReadOnlyList<long> Numbers(string name) => Value(name) switch
    {
        null => [],
        Array values when values.Cast<object>().All(IsNumber) =>
            values.Cast<object>().Select(value => Convert.ToInt64(value, CultureInfo.InvariantCulture)).ToList(),
        object other => throw Unlike(name, "a list of numbers", other),
    };

    /// <summary>Whether something is so.</summary>
    /// <param name="name">The property.</param>
    /// <returns>Whether it is said to be; without a value it is not.</returns>
    public bool Flag(string name) => Value(name) switch
    {
        null => false,
        bool flag => flag,
        object other => throw Unlike(name, "a truth value", other),
    };

    /// <summary>An instance inside this one.</summary>
    /// <param name="name">The property.</param>
    /// <returns>The instance, or nothing.</returns>
    public CimRecord? Record(string name) => Value(name) switch
    {
        null => null,
        CimRecord record => record,
        object other => throw Unlike(name, "an instance", other),
    };

    /// <summary>The same instance with another value of a property.</summary>
    /// <param name="name">The property: one that is there.</param>
    /// <param name="value">The value.</param>
    /// <returns>The record.</returns>
    public CimRecord With(string name, object? value)
    {
        _ = Value(name);
        var properties = _properties.ToDictionary(property => property.Key, property => property.Value, StringComparer.OrdinalIgnoreCase);
        properties[name] = value;
        return new CimRecord(Path, properties);
    }

    private static bool IsNumber(object value) => value is byte or sbyte or ushort or short or uint or int or long or ulong;

    /// <summary>A value, of whatever kind.</summary>
    internal object? Value(string name) => _properties.TryGetValue(name, out object? value)
        ? value
        : throw new HypervisorException(
            HypervisorFailure.HostNotUsable,
            Path.ClassName,
            $"the class has no property {name} on this host. Its Windows is older or newer than those that VmUpdate knows: Windows Server 2016 to 2025, Windows 10 and 11.");

    private HypervisorException Unlike(string name, string expected, object found) => new(
        HypervisorFailure.HostNotUsable, Path.ClassName, $"the property {name} was expected to be {expected}, and is {found.GetType().Name} on this host.");
}
