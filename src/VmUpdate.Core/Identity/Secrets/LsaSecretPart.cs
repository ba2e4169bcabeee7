namespace VmUpdate.Core.Identity.Secrets;

/// <summary>The two states of an LSA secret. Their names are those of the keys that hold them.</summary>
internal enum LsaSecretPart
{
    /// <summary>The present one.</summary>
    CurrVal,

    /// <summary>The one before, which a domain still takes when the change did not reach it.</summary>
    OldVal,
}
