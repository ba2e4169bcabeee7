namespace VmUpdate.Core.Identity;

/// <summary>A hive in a Windows folder's <c>System32\config</c>.</summary>
public enum HiveName
{
    /// <summary>HKLM\SYSTEM.</summary>
    System,

    /// <summary>HKLM\SOFTWARE.</summary>
    Software,

    /// <summary>HKLM\SECURITY.</summary>
    Security,

    /// <summary>HKLM\SAM.</summary>
    Sam,

    /// <summary>HKU\.DEFAULT.</summary>
    Default,
}
