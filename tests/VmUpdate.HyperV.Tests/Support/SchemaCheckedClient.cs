using VmUpdate.HyperV.Cim;

namespace VmUpdate.HyperV.Tests.Support;

/// <summary>
/// Lets through what the schema knows: every class, property, method, parameter, value and way along an association. Anything else fails,
/// whatever the code under test makes of it: see <see cref="Violations"/>.
/// </summary>
internal sealed class SchemaCheckedClient(ICimClient inner) : ICimClient
{
    private readonly System.Collections.Concurrent.ConcurrentQueue<string> _violations = new();

    public IReadOnlyCollection<string> Violations => _violations;

    public string ComputerName => inner.ComputerName;

    public Task<IReadOnlyList<CimRecord>> QueryAsync(CimQuery query, CancellationToken cancellation) => CheckedAsync(async () =>
    {
        CimSchemaClass asked = CimSchema.Instance.Find(query.Namespace, query.ClassName);
        if (query.Property is { } property && TypeOf(asked, property) is var type && type != "string")
        {
            throw new SchemaViolationException($"{asked.Name}.{property} is {type}, and is compared with a text.");
        }

        return Complete(await inner.QueryAsync(query, cancellation), asked.Name);
    });

    public Task<CimRecord> GetAsync(CimPath path, CancellationToken cancellation) => CheckedAsync(async () =>
    {
        CheckPath(path);
        return Complete(await inner.GetAsync(path, cancellation));
    });

    public Task<IReadOnlyList<CimRecord>> AssociatorsAsync(CimPath source, CimAssociation association, CancellationToken cancellation) => CheckedAsync(async () =>
    {
        CimSchemaClass from = CheckPath(source);
        CimSchemaClass way = CimSchema.Instance.Find(source.Namespace, association.ClassName);
        CimSchemaClass to = CimSchema.Instance.Find(source.Namespace, association.ResultClass);
        if (!way.IsAssociation)
        {
            throw new SchemaViolationException($"The class {way.Name} is no association.");
        }

        CheckRole(way, association.SourceRole, from);
        CheckRole(way, association.ResultRole, to);
        return Complete(await inner.AssociatorsAsync(source, association, cancellation), to.Name);
    });

    public Task<CimMethodResult> InvokeAsync(
        CimPath target, string method, IReadOnlyDictionary<string, object> arguments, CancellationToken cancellation) => CheckedAsync(async () =>
    {
        CimSchemaClass called = CheckPath(target);
        IReadOnlyDictionary<string, string> parameters = called.ParametersOf(method);
        foreach (KeyValuePair<string, object> argument in arguments)
        {
            CheckArgument(target.Namespace, $"{called.Name}.{method}", parameters, argument);
        }

        CimMethodResult result = await inner.InvokeAsync(target, method, arguments, cancellation);
        foreach (KeyValuePair<string, object?> given in result.Out)
        {
            string type = parameters.TryGetValue(given.Key, out string? known) ? known : throw new SchemaViolationException($"{method} has no parameter {given.Key}.");
            string[] words = type.Split(' ', 2);
            if (words[0] == "in" || (given.Value is { } value && !CimSchemaClass.Fits(value, words[1].Split(" of ")[0])))
            {
                throw new SchemaViolationException($"{called.Name}.{method} gives {given.Key} as {type}.");
            }
        }

        return result;
    });

    public void Dispose() => inner.Dispose();

    /// <summary>The type of a property, or of one of an instance inside: <c>PrivateProperties.VmID</c>.</summary>
    private static string TypeOf(CimSchemaClass asked, string property)
    {
        string[] parts = property.Split('.', 2);
        string type = asked.TypeOf(parts[0]);
        return parts.Length == 1 ? type : CimSchema.Instance.Find(asked.Namespace, type).TypeOf(parts[1]);
    }

    private static CimSchemaClass CheckPath(CimPath path)
    {
        CimSchemaClass found = CimSchema.Instance.Find(path.Namespace, path.ClassName);
        if (path.Keys.Count == 0)
        {
            throw new SchemaViolationException($"An instance of {found.Name} is meant, and no key says which.");
        }

        foreach (KeyValuePair<string, object> key in path.Keys)
        {
            if (!CimSchemaClass.Fits(key.Value, found.TypeOf(key.Key)))
            {
                throw new SchemaViolationException($"{found.Name}.{key.Key} is {found.TypeOf(key.Key)}, and is given {key.Value.GetType().Name}.");
            }
        }

        return found;
    }

    private static void CheckRole(CimSchemaClass way, string role, CimSchemaClass end)
    {
        string type = way.TypeOf(role);
        if (!type.StartsWith("ref ", StringComparison.Ordinal) || !end.IsA(type[4..]))
        {
            throw new SchemaViolationException($"{way.Name}.{role} is {type}, and cannot be an instance of {end.Name}.");
        }
    }

    private static void CheckArgument(
        string @namespace, string method, IReadOnlyDictionary<string, string> parameters, KeyValuePair<string, object> argument)
    {
        string declared = parameters.TryGetValue(argument.Key, out string? known)
            ? known
            : throw new SchemaViolationException($"{method} has no parameter {argument.Key}.");
        string[] words = declared.Split(' ', 2);
        string[] type = words[1].Split(" of ");
        if (words[0] == "out" || !CimSchemaClass.Fits(argument.Value, type[0]))
        {
            throw new SchemaViolationException($"{method} takes {argument.Key} as {declared}, and is given {argument.Value.GetType().Name}.");
        }

        foreach (CimPath path in argument.Value as CimPath[] ?? (argument.Value is CimPath one ? [one] : []))
        {
            if (!CheckPath(path).IsA(type[0][4..].Replace("[]", string.Empty, StringComparison.Ordinal)))
            {
                throw new SchemaViolationException($"{method} takes {argument.Key} as {declared}, and is given a {path.ClassName}.");
            }
        }

        foreach (string text in argument.Value as string[] ?? (argument.Value is string single ? [single] : []))
        {
            if ((type.Length == 2 || text.StartsWith('<')) && EmbeddedInstance.Parse(text, @namespace) is var instance && type.Length == 2 && !instance.Class.IsA(type[1]))
            {
                throw new SchemaViolationException($"{method} takes {argument.Key} as {declared}, and is given a {instance.Class.Name}.");
            }
        }
    }

    private static IReadOnlyList<CimRecord> Complete(IReadOnlyList<CimRecord> records, string expected) => records.Select(record =>
        CimSchema.Instance.Find(record.Path.Namespace, record.Path.ClassName).IsA(expected)
            ? Complete(record)
            : throw new SchemaViolationException($"{record.Path.ClassName} was given where {expected} was asked for.")).ToList();

    /// <summary>The record with all properties that its class has, as CIM gives it.</summary>
    private static CimRecord Complete(CimRecord record)
    {
        CimSchemaClass found = CimSchema.Instance.Find(record.Path.Namespace, record.Path.ClassName);
        foreach (KeyValuePair<string, object?> property in record.Properties)
        {
            if (property.Value is { } value && !CimSchemaClass.Fits(value, found.TypeOf(property.Key)))
            {
                throw new SchemaViolationException($"{found.Name}.{property.Key} is {found.TypeOf(property.Key)}, and was given as {value.GetType().Name}.");
            }
        }

        return new CimRecord(record.Path, found.Properties.Keys.ToDictionary(
            name => name,
            name => record.Properties.TryGetValue(name, out object? value) ? value is CimRecord inside ? Complete(inside) : value : null,
            StringComparer.OrdinalIgnoreCase));
    }

    private async Task<T> CheckedAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (SchemaViolationException violation)
        {
            _violations.Enqueue(violation.Message);
            throw;
        }
    }
}
