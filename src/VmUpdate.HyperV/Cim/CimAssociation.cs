namespace VmUpdate.HyperV.Cim;

/// <summary>A way from one instance to others.</summary>
/// <param name="ClassName">The class of the association.</param>
/// <param name="SourceRole">The association's property that stands for the one.</param>
/// <param name="ResultRole">The association's property that stands for the others.</param>
/// <param name="ResultClass">The class of the others.</param>
public sealed record CimAssociation(string ClassName, string SourceRole, string ResultRole, string ResultClass);
