namespace VmUpdate.Core.Identity;

/// <summary>What opens an exported identity. The numbers are in the files.</summary>
internal enum ExportProtection
{
    /// <summary>A passphrase.</summary>
    Passphrase = 1,

    /// <summary>The private key of a certificate.</summary>
    Certificate = 2,
}
