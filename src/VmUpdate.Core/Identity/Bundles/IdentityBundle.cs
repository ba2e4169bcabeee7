namespace VmUpdate.Core.Identity;

/// <summary>
/// One machine's identity, copied out of its old disk: the manifest, and the bytes themselves. A fresh one reads user data from
/// the old disk until a store has kept it, so that disk must stay open as long.
/// </summary>
public sealed class IdentityBundle : IDisposable
{
    internal IdentityBundle(IdentityManifest manifest, IBundlePayload payload)
    {
        Manifest = manifest;
        Payload = payload;
    }

    /// <summary>The bundle's id: 32 hexadecimal digits.</summary>
    public string Id => Manifest.BundleId.ToString("N");

    /// <summary>What is in it, with hashes; no secret in clear.</summary>
    public IdentityManifest Manifest { get; }

    internal IBundlePayload Payload { get; }

    /// <summary>Lets go of the bytes, and zeroes what is held in memory.</summary>
    public void Dispose() => Payload.Dispose();
}
