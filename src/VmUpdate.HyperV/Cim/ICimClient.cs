namespace VmUpdate.HyperV.Cim;

/// <summary>
/// A computer's CIM classes, as plain records. What stands behind it decides nothing: it asks, calls, and translates. Every call fails with
/// <see cref="CimFailureException"/>. Calls may run side by side.
/// </summary>
public interface ICimClient : IDisposable
{
    /// <summary>The computer, as it was named; empty for this one.</summary>
    string ComputerName { get; }

    /// <summary>All instances of a class that a query is for, of its derived classes too.</summary>
    /// <param name="query">The class, and a value that one of its properties must have.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The instances, with all properties of their class.</returns>
    Task<IReadOnlyList<CimRecord>> QueryAsync(CimQuery query, CancellationToken cancellation);

    /// <summary>One instance.</summary>
    /// <param name="path">Which.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The instance, with all properties of its class.</returns>
    Task<CimRecord> GetAsync(CimPath path, CancellationToken cancellation);

    /// <summary>The instances that are associated with one.</summary>
    /// <param name="source">The one.</param>
    /// <param name="association">By what, and which.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The instances, with all properties of their class.</returns>
    Task<IReadOnlyList<CimRecord>> AssociatorsAsync(CimPath source, CimAssociation association, CancellationToken cancellation);

    /// <summary>Calls a method of an instance.</summary>
    /// <param name="target">The instance.</param>
    /// <param name="method">The method.</param>
    /// <param name="arguments">
    /// What goes in, by the parameter's name: plain values; a <see cref="CimPath"/>, or an array of them, for references; embedded instances
    /// as text, see <see cref="CimXml"/>.
    /// </param>
    /// <param name="cancellation">Ends the wait; the call itself may go on.</param>
    /// <returns>What came back.</returns>
    Task<CimMethodResult> InvokeAsync(
        CimPath target, string method, IReadOnlyDictionary<string, object> arguments, CancellationToken cancellation);
}
