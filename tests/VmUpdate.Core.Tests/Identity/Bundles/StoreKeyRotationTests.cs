using VmUpdate.Core.Identity;
using VmUpdate.Core.Tests.Identity.Support;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.Simulation.Files;
using Xunit;

namespace VmUpdate.Core.Tests.Identity.Bundles;

/// <summary>A new key for an identity store, and what becomes of the bundles.</summary>
public sealed class StoreKeyRotationTests
{
    private readonly MemoryHostFolder _folder = new();

    [Fact]
    public void All_bundles_go_under_the_new_key_and_the_old_one_is_deleted()
    {
        string[] ids = [Save(1), Save(2)];
        string oldKey = Assert.Single(Keys());

        IdentityKeyRotation rotation = Store().RotateKey();

        Assert.Equal((2, 1, 0), (rotation.BundlesResealed, rotation.KeysRemoved, rotation.Failures.Count));
        Assert.Equal([rotation.KeyId.ToString("N") + ".key"], Keys());
        Assert.NotEqual(oldKey, Keys()[0]);
        Assert.All(ids, id => Assert.Equal(PayloadOf(id), Read(id)));
        Assert.DoesNotContain(_folder.Files.Keys, name => name.EndsWith(".tmp", StringComparison.Ordinal));
    }

    [Fact]
    public void New_bundles_go_under_the_newest_key_whatever_its_name()
    {
        for (int turn = 0; turn < 8; turn++)
        {
            IdentityKeyRotation rotation = Store().RotateKey();
            byte[] bundle = _folder.Files[Save(100 + turn) + ".vmidentity"];
            Assert.Equal(rotation.KeyId, new Guid(bundle.AsSpan(64, 16)));
        }
    }

    [Fact]
    public void A_bundle_that_does_not_open_keeps_the_old_keys_and_is_told()
    {
        string good = Save(1);
        string bad = Save(2);
        _folder.Files[bad + ".vmidentity"][^1] ^= 1;

        IdentityKeyRotation rotation = Store().RotateKey();

        Assert.Equal((1, 0), (rotation.BundlesResealed, rotation.KeysRemoved));
        Assert.Equal("IdentityBundleDamaged", Assert.Single(rotation.Failures).Code);
        Assert.Equal(2, Keys().Length);
        Assert.Equal(PayloadOf(good), Read(good));

        Store().Delete(bad);
        Assert.Equal(2, Store().RotateKey().KeysRemoved);
        Assert.Equal(PayloadOf(good), Read(good));
    }

    [Fact]
    public void A_store_whose_key_has_the_first_form_is_read_and_rotated()
    {
        string id = Save(1);
        string name = Assert.Single(Keys());
        byte[] second = _folder.Files[name];
        byte[] first = [.. second[..8], 1, 0, 0, 0, .. second[12..36], .. second[40..]];
        _folder.Files[name] = first;

        Assert.Equal(PayloadOf(id), Read(id));
        Assert.Equal(PayloadOf(Save(2)), Read(Save(2)));
        Assert.Equal(2, Store().RotateKey().BundlesResealed);
        Assert.Equal(PayloadOf(id), Read(id));
    }

    [Fact]
    [Trait("Kind", "Crash")]
    public void After_a_loss_of_power_anywhere_every_bundle_opens_and_the_next_call_finishes()
    {
        const string folder = "/identities";
        var files = new CrashFileSystem();
        files.CreateFolder(folder, ownerOnly: true);
        string[] ids = [Save(1, files.OpenFolder(folder)), Save(2, files.OpenFolder(folder))];
        int crashes = 0;
        files.BeforeFlush = _ => Judge();
        Store(files.OpenFolder(folder)).RotateKey();
        Judge();
        Assert.True(crashes > 20, $"only {crashes} crashes were tried");

        void Judge()
        {
            foreach (CrashImage image in files.AfterPowerLoss(seed: 5))
            {
                IHostFolder left = image.Files.OpenFolder(folder);
                Assert.All(ids, id => Assert.Equal(PayloadOf(id), Read(id, left)));
                Assert.Empty(Store(left).RotateKey().Failures);
                Assert.Single(left.Enumerate(), name => name.EndsWith(".key", StringComparison.Ordinal));
                Assert.All(ids, id => Assert.Equal(PayloadOf(id), Read(id, left)));
                crashes++;
            }
        }
    }

    [Fact]
    public void A_retained_bundle_lacks_what_it_was_to_lose_and_keeps_the_rest()
    {
        var live = new LivePayload();
        var manifest = new IdentityManifest
        {
            BundleId = Guid.NewGuid(),
            HashKey = new byte[IdentityHash.KeySize],
            Items =
            [
                new ManifestItem { Set = "one", Offset = live.Add([1, 2, 3]), Length = 3 },
                new ManifestItem { Set = "user-data", Offset = live.Add(new byte[5000]), Length = 5000 },
                new ManifestItem { Set = "two", Offset = live.Add([4, 5]), Length = 2 },
            ],
        };
        using var bundle = new IdentityBundle(manifest, live);
        string id = Store().Save(bundle);

        Store().Retain(id, ["user-data"]);
        Store().Retain(id, ["user-data"]);

        using IdentityBundle kept = Store().Load(id);
        Assert.Equal(["one", "two"], kept.Manifest.Items.Select(item => item.Set));
        Assert.Equal([1, 2, 3], ItemOf(kept, 0));
        Assert.Equal([4, 5], ItemOf(kept, 1));
        Assert.Equal(5, kept.Payload.Length);
        Store().Retain(new string('0', 32), ["user-data"]); // absent: nothing happens

        var memory = new MemoryIdentityStore();
        memory.Save(bundle);
        memory.Retain(id, []);
        Assert.False(memory.Exists(id));
    }

    private static byte[] ItemOf(IdentityBundle bundle, int index)
    {
        byte[] bytes = new byte[bundle.Manifest.Items[index].Length];
        bundle.Payload.Read(bundle.Manifest.Items[index].Offset, bytes);
        return bytes;
    }

    private static byte[] PayloadOf(string id) => [.. Enumerable.Range(0, 3000).Select(part => (byte)((part + id[7]) & 0xFF))];

    private static FolderIdentityStore Store(IHostFolder folder) => new(folder, Guid.NewGuid, new OwnerOnlyKeyProtector());

    private static string Save(int number, IHostFolder folder)
    {
        var manifest = new IdentityManifest { BundleId = new Guid(number, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), HashKey = new byte[IdentityHash.KeySize] };
        var live = new LivePayload();
        live.Add(PayloadOf(manifest.BundleId.ToString("N")));
        using var bundle = new IdentityBundle(manifest, live);
        return Store(folder).Save(bundle);
    }

    private static byte[] Read(string id, IHostFolder folder)
    {
        using IdentityBundle bundle = Store(folder).Load(id);
        byte[] bytes = new byte[bundle.Payload.Length];
        bundle.Payload.Read(0, bytes);
        return bytes;
    }

    private FolderIdentityStore Store() => Store(_folder);

    private string Save(int number) => Save(number, _folder);

    private byte[] Read(string id) => Read(id, _folder);

    private string[] Keys() => [.. _folder.Files.Keys.Where(name => name.EndsWith(".key", StringComparison.Ordinal))];
}
