namespace VmUpdate.GuestProtocol;

/// <summary>Why a line is no message.</summary>
public enum ProtocolDefect
{
    /// <summary>It is no JSON object in UTF-8.</summary>
    NotJson,

    /// <summary>A field that the message needs is not there.</summary>
    FieldMissing,

    /// <summary>A field holds something of another kind, or out of its range.</summary>
    FieldWrong,

    /// <summary>It is longer than <see cref="ProtocolLimits"/> allow.</summary>
    TooLong,

    /// <summary>It is of a type that this version does not know. Not an error of the other end, which may be newer.</summary>
    UnknownType,
}
