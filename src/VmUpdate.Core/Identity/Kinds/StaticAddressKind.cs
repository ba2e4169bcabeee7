namespace VmUpdate.Core.Identity;

/// <summary>
/// A network adapter's address. It is not written to a disk's registry, where the adapter has another GUID or is not known yet, but told to
/// the guest agent; so there is nothing here to write or remove.
/// </summary>
internal sealed class StaticAddressKind : ItemKind
{
    public static StaticAddress? Find(GuestDisk disk, string interfacePath) =>
        RegistryPlaces.Find(disk, HiveName.System, interfacePath).Select(found => StaticAddress.Read(disk, found.Key)).FirstOrDefault();

    public override string? HashOn(GuestDisk disk, ManifestItem item, byte[] hashKey)
    {
        if (Find(disk, item.Path) is not { } address)
        {
            return null;
        }

        using IdentityHash hash = IdentityHash.Start(item, hashKey);
        return hash.Add(address.ToString()).Finish();
    }

    public override ManifestItem Capture(GuestDisk old, ManifestItem item, LivePayload payload, byte[] hashKey) => throw NotHere();

    public override void Write(GuestDisk fresh, ManifestItem item, IBundlePayload payload) => throw NotHere();

    public override void Remove(GuestDisk fresh, ManifestItem item) => throw NotHere();

    private static InvalidOperationException NotHere() => new("An address is told to the guest agent and never a step of its own.");
}
