namespace VmUpdate.Core.Identity.Secrets;

/// <summary>What kind of secret a disk holds that is not the machine's own.</summary>
internal enum SecretLeakKind
{
    /// <summary>The LSA secret <c>DefaultPassword</c>: automatic logon.</summary>
    LsaDefaultPassword,

    /// <summary>An LSA secret <c>_SC_*</c>: the password of the account a service runs as.</summary>
    ServicePassword,

    /// <summary>Cached domain logons in SECURITY <c>Cache</c>, and the key <c>NL$KM</c> they are under.</summary>
    CachedLogons,

    /// <summary>Automatic logon is on in <c>Winlogon</c>.</summary>
    AutoAdminLogon,

    /// <summary>A password in clear in <c>Winlogon</c>.</summary>
    WinlogonDefaultPassword,

    /// <summary>The machine's account in a domain: a master should have none.</summary>
    MachineAccount,
}

/// <summary>A secret that a disk holds. The secret itself is not in it.</summary>
/// <param name="Kind">Of what kind.</param>
/// <param name="Hive">The hive.</param>
/// <param name="Place">The key or value in it.</param>
/// <param name="Fingerprint">Equal for equal secrets within one scan; empty when there is none to take or the secret does not open.</param>
/// <param name="Count">How many there are, for cached logons; else 1.</param>
internal sealed record SecretLeak(SecretLeakKind Kind, HiveName Hive, string Place, string Fingerprint, int Count = 1);
