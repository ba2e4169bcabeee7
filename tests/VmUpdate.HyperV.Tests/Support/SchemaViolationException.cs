namespace VmUpdate.HyperV.Tests.Support;

/// <summary>Something was asked of Hyper-V that its schema does not know.</summary>
public sealed class SchemaViolationException(string message) : Exception(message);
