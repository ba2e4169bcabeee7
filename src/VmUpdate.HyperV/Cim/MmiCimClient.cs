using System.Runtime.CompilerServices;
using System.Security;
using Microsoft.Management.Infrastructure;
using Microsoft.Management.Infrastructure.Options;
using MmiMethodResult = Microsoft.Management.Infrastructure.CimMethodResult;

namespace VmUpdate.HyperV.Cim;

/// <summary>
/// CIM by Windows' own client, MMI. The only code that knows it: it translates and decides nothing, as it runs on Windows only and can be
/// tested nowhere else.
/// </summary>
internal sealed class MmiCimClient : ICimClient
{
    private readonly CimSession _session;
    private readonly bool _isOwned;

    private MmiCimClient(CimSession session, string computerName, bool isOwned)
    {
        _session = session;
        _isOwned = isOwned;
        ComputerName = computerName;
    }

    public string ComputerName { get; }

    /// <summary>This computer, without a network.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static ICimClient OfThisComputer() => new MmiCimClient(CimSession.Create(null), string.Empty, isOwned: true);

    /// <summary>Another computer, by WinRM.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static ICimClient OfComputer(string name, string domain, string user, SecureString? password)
    {
        using var options = new WSManSessionOptions();
        if (password is not null)
        {
            options.AddDestinationCredentials(new CimCredential(PasswordAuthenticationMechanism.Default, domain, user, password));
        }

        return Translated(() => new MmiCimClient(CimSession.Create(name, options), name, isOwned: true));
    }

    /// <summary>A session that somebody else made, and ends.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static ICimClient OfSession(object session, Func<string?, string> computerNameOf)
    {
        var cim = (CimSession)session;
        return new MmiCimClient(cim, computerNameOf(cim.ComputerName), isOwned: false);
    }

    public Task<IReadOnlyList<CimRecord>> QueryAsync(CimQuery query, CancellationToken cancellation) => RunAsync<IReadOnlyList<CimRecord>>(
        options => _session.QueryInstances(query.Namespace, CimQuery.Dialect, query.ToWql(), options).Select(ToRecord).ToList(), cancellation);

    public Task<CimRecord> GetAsync(CimPath path, CancellationToken cancellation) => RunAsync(
        options =>
        {
            using CimInstance id = ToInstance(path);
            return ToRecord(_session.GetInstance(path.Namespace, id, options));
        },
        cancellation);

    public Task<IReadOnlyList<CimRecord>> AssociatorsAsync(CimPath source, CimAssociation association, CancellationToken cancellation) =>
        RunAsync<IReadOnlyList<CimRecord>>(
            options =>
            {
                using CimInstance id = ToInstance(source);
                return _session.EnumerateAssociatedInstances(
                        source.Namespace,
                        id,
                        association.ClassName,
                        association.ResultClass,
                        association.SourceRole,
                        association.ResultRole,
                        options)
                    .Select(ToRecord).ToList();
            },
            cancellation);

    public Task<CimMethodResult> InvokeAsync(
        CimPath target, string method, IReadOnlyDictionary<string, object> arguments, CancellationToken cancellation) => RunAsync(
        options =>
        {
            using CimInstance id = ToInstance(target);
            using var parameters = new CimMethodParametersCollection();
            foreach (KeyValuePair<string, object> argument in arguments)
            {
                parameters.Add(ToParameter(argument.Key, argument.Value));
            }

            using MmiMethodResult result = _session.InvokeMethod(target.Namespace, id, method, parameters, options);
            return new CimMethodResult(
                Convert.ToUInt32(result.ReturnValue.Value, System.Globalization.CultureInfo.InvariantCulture),
                result.OutParameters.ToDictionary(given => given.Name, given => ToValue(given.Value), StringComparer.OrdinalIgnoreCase));
        },
        cancellation);

    public void Dispose()
    {
        if (_isOwned)
        {
            _session.Dispose();
        }
    }

    private static CimMethodParameter ToParameter(string name, object value) => value switch
    {
        CimPath path => CimMethodParameter.Create(name, ToInstance(path), CimType.Reference, CimFlags.In),
        CimPath[] paths => CimMethodParameter.Create(name, paths.Select(ToInstance).ToArray(), CimType.ReferenceArray, CimFlags.In),
        _ => CimMethodParameter.Create(name, value, CimFlags.In),
    };

    private static CimInstance ToInstance(CimPath path)
    {
        var instance = new CimInstance(path.ClassName, path.Namespace);
        foreach (KeyValuePair<string, object> key in path.Keys)
        {
            instance.CimInstanceProperties.Add(CimProperty.Create(key.Key, key.Value, CimFlags.Key));
        }

        return instance;
    }

    private static CimRecord ToRecord(CimInstance instance)
    {
        using (instance)
        {
            return Read(instance);
        }
    }

    private static CimRecord Read(CimInstance instance) => new(
        new CimPath(
            instance.CimSystemProperties.Namespace,
            instance.CimSystemProperties.ClassName,
            instance.CimInstanceProperties.Where(property => (property.Flags & CimFlags.Key) != 0 && property.Value is not null)
                .ToDictionary(property => property.Name, property => property.Value, StringComparer.OrdinalIgnoreCase)),
        instance.CimInstanceProperties.ToDictionary(property => property.Name, property => ToValue(property.Value), StringComparer.OrdinalIgnoreCase));

    private static object? ToValue(object? value) => value switch
    {
        CimInstance instance => Read(instance),
        CimInstance[] instances => instances.Select(Read).ToArray(),
        _ => value,
    };

    private static T Translated<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (CimException failure)
        {
            throw new CimFailureException((int)failure.NativeErrorCode, failure.MessageId ?? string.Empty, failure.Message, failure);
        }
    }

    private static Task<T> RunAsync<T>(Func<CimOperationOptions, T> work, CancellationToken cancellation) => Task.Run(
        () =>
        {
            using var options = new CimOperationOptions { CancellationToken = cancellation };
            return Translated(() => work(options));
        },
        cancellation);
}
