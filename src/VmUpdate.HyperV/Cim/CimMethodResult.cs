namespace VmUpdate.HyperV.Cim;

/// <summary>What a method gave back.</summary>
/// <param name="ReturnValue">Its return value.</param>
/// <param name="Out">What came out, by the parameter's name.</param>
public sealed record CimMethodResult(uint ReturnValue, IReadOnlyDictionary<string, object?> Out);
