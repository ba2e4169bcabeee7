using VmUpdate.Core.Identity;
using VmUpdate.PowerShell.Hosts;

namespace VmUpdate.PowerShell.Output;

/// <summary>A new key of an identity store. The key itself is never shown.</summary>
public sealed class VmIdentityStoreKey
{
    internal VmIdentityStoreKey(IdentityKeyRotation rotation, VmUpdateHost host)
    {
        KeyId = rotation.KeyId;
        IdentitiesResealed = rotation.BundlesResealed;
        KeysRemoved = rotation.KeysRemoved;
        IdentityPath = host.IdentityPath;
        ComputerName = host.ComputerName;
    }

    /// <summary>The key's id, which is the name of its file.</summary>
    public Guid KeyId { get; }

    /// <summary>How many kept identities were sealed anew.</summary>
    public int IdentitiesResealed { get; }

    /// <summary>How many former keys were deleted.</summary>
    public int KeysRemoved { get; }

    /// <summary>The store's folder.</summary>
    public string IdentityPath { get; }

    /// <summary>The host.</summary>
    public string ComputerName { get; }
}
