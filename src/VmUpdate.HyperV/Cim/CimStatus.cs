namespace VmUpdate.HyperV.Cim;

/// <summary>Statuses of CIM operations: DMTF DSP0200, and what Windows' client adds.</summary>
public static class CimStatus
{
    /// <summary>Something else: the message's id says more.</summary>
    public const int Failed = 1;

    /// <summary>The caller has no right to it.</summary>
    public const int AccessDenied = 2;

    /// <summary>There is no such namespace.</summary>
    public const int InvalidNamespace = 3;

    /// <summary>There is no such class.</summary>
    public const int InvalidClass = 5;

    /// <summary>There is no such instance.</summary>
    public const int NotFound = 6;

    /// <summary>There is no such method.</summary>
    public const int MethodNotFound = 17;
}
