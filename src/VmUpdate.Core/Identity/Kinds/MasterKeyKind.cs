using VmUpdate.Core.Identity.Secrets;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Ntfs;

namespace VmUpdate.Core.Identity;

/// <summary>
/// A DPAPI master key file, sealed under the new disk's own DPAPI_SYSTEM; owner, times and attributes are those of the old disk's file.
/// A key that the master holds too, from an ancestor of both, stays as the master has it.
/// </summary>
internal sealed class MasterKeyKind : FileKind
{
    public override ManifestItem Capture(GuestDisk old, GuestDisk master, ManifestItem item, LivePayload payload, byte[] hashKey)
    {
        NtfsEntry entry = old.Volume.Find(GuestPath.Parse(item.Path)) ?? throw Lost(item);
        using var transfer = new MasterKeyTransfer(old, master);
        NtfsEntry? there = master.Volume.Find(entry.Path);
        if (there is not null)
        {
            transfer.RequireSame(entry, there);
        }

        // Held in memory and not read later: the master may be closed when a store keeps the bundle.
        byte[] bytes = there is null ? transfer.Rewrap(entry, SystemSalt.Fill) : MasterKeyStore.ReadBytes(master, there);
        ManifestFile file = there is null ? Describe(old.Volume, entry, item, hashKey) : Describe(master.Volume, there, item, hashKey);
        using IdentityHash hash = IdentityHash.Start(item, hashKey);
        file = file with { Streams = [new ManifestStream(string.Empty, bytes.Length, hash.Add(bytes).Finish())] };
        return item with
        {
            OldHash = HashOn(old, item, hashKey),
            ResultHash = HashOf(file, item, hashKey),
            File = file,
            Offset = payload.Add(bytes),
            Length = bytes.Length,
        };
    }

    public override void RequireUsable(GuestDisk result, ManifestItem item)
    {
        NtfsEntry entry = result.Volume.Find(GuestPath.Parse(item.Path)) ?? throw Lost(item);
        using GuestSecrets secrets = GuestSecrets.Open(result);
        using DpapiSystem system = DpapiSystem.Read(secrets);
        MasterKeyStore.Read(result, entry).Open(system, MasterKeyStore.LikelyPart(entry)).Key.Dispose();
    }
}
