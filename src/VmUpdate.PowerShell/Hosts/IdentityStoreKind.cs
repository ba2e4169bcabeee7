namespace VmUpdate.PowerShell.Hosts;

/// <summary>Where identities are kept while a machine is swapped.</summary>
public enum IdentityStoreKind
{
    /// <summary>In sealed files in the store's folder.</summary>
    Folder,

    /// <summary>In memory only; after a crash they are taken again from the old disk, which is untouched.</summary>
    Memory,
}
