using VmUpdate.HyperV.Cim;

namespace VmUpdate.HyperV.Tests.Support;

/// <summary>
/// Makes it as if one name of a class were wrong in the code under test: what the code calls by the name goes out as another, and what
/// comes back under the name is found under another.
/// </summary>
internal sealed class MisnamingClient(ICimClient inner, string owner, string name) : ICimClient
{
    private const string Mutation = "Q";

    public string ComputerName => inner.ComputerName;

    public async Task<IReadOnlyList<CimRecord>> QueryAsync(CimQuery query, CancellationToken cancellation) => In(await inner.QueryAsync(
        query with
        {
            Namespace = Out(query.Namespace, query.ClassName),
            ClassName = Out(query.ClassName, query.ClassName),
            Property = query.Property is { } property ? OutPath(property, query.ClassName) : null,
        },
        cancellation));

    public async Task<CimRecord> GetAsync(CimPath path, CancellationToken cancellation) => In(await inner.GetAsync(path, cancellation));

    public async Task<IReadOnlyList<CimRecord>> AssociatorsAsync(CimPath source, CimAssociation association, CancellationToken cancellation) =>
        In(await inner.AssociatorsAsync(
            source,
            new CimAssociation(
                Out(association.ClassName, association.ClassName),
                Out(association.SourceRole, association.ClassName),
                Out(association.ResultRole, association.ClassName),
                Out(association.ResultClass, association.ResultClass)),
            cancellation));

    public async Task<CimMethodResult> InvokeAsync(
        CimPath target, string method, IReadOnlyDictionary<string, object> arguments, CancellationToken cancellation)
    {
        CimMethodResult result = await inner.InvokeAsync(
            target,
            Out(method, target.ClassName),
            arguments.ToDictionary(argument => Out(argument.Key, target.ClassName), argument => OutText(argument.Value)),
            cancellation);
        return result with { Out = result.Out.ToDictionary(given => Out(given.Key, target.ClassName), given => given.Value) };
    }

    public void Dispose() => inner.Dispose();

    /// <summary>Instances as text: what was read under the other name goes back under the right one.</summary>
    private object OutText(object value) => value switch
    {
        string text => Swap(text),
        string[] texts => texts.Select(Swap).ToArray(),
        _ => value,
    };

    private string Swap(string text) => text.Contains($"CLASSNAME=\"{owner}\"", StringComparison.Ordinal)
        ? text.Replace($"\"{name}{Mutation}\"", "\"?\"", StringComparison.Ordinal)
            .Replace($"\"{name}\"", $"\"{name}{Mutation}\"", StringComparison.Ordinal)
            .Replace("\"?\"", $"\"{name}\"", StringComparison.Ordinal)
        : text;

    private string Out(string present, string className) => className == owner && present == name ? present + Mutation : present;

    /// <summary>A property, or one of an instance inside: <c>PrivateProperties.VmID</c>.</summary>
    private string OutPath(string property, string className) => property.Split('.', 2) is [var outer, var inner]
        ? $"{Out(outer, className)}.{Out(inner, "MSCluster_Property")}"
        : Out(property, className);

    private IReadOnlyList<CimRecord> In(IReadOnlyList<CimRecord> records) => records.Select(In).ToList();

    private CimRecord In(CimRecord record) => new(record.Path, record.Properties.ToDictionary(
        property => Out(property.Key, record.Path.ClassName), property => In(property.Value), StringComparer.OrdinalIgnoreCase));

    /// <summary>Instances inside, and instances as text.</summary>
    private object? In(object? value) => value switch
    {
        CimRecord record => In(record),
        string[] texts => texts.Select(Swap).ToArray(),
        _ => value,
    };
}
