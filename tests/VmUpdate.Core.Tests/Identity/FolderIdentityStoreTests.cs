using System.Text;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Tests.Identity.Support;
using VmUpdate.DiskFormats;
using Xunit;

namespace VmUpdate.Core.Tests.Identity;

public sealed class FolderIdentityStoreTests
{
    private static readonly Guid Vm = new("11111111-2222-3333-4444-555555555555");
    private readonly MemoryHostFolder _folder = new();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData((1 << 20) - 700)]
    [InlineData((3 << 20) + 17)]
    public void What_is_saved_is_what_is_loaded(int size)
    {
        byte[] payload = Bytes(size);
        using IdentityBundle bundle = Bundle(payload);
        FolderIdentityStore store = Store();

        string id = store.Save(bundle);
        using IdentityBundle loaded = Store().Load(id, Vm);

        Assert.True(store.Exists(id));
        Assert.Equal(Encoding.UTF8.GetString(bundle.Manifest.ToJson()), Encoding.UTF8.GetString(loaded.Manifest.ToJson()));
        Assert.Equal(bundle.Manifest.HashKey, loaded.Manifest.HashKey);
        var read = new byte[size];
        loaded.Payload.Read(0, read);
        Assert.Equal(payload, read);
        Assert.DoesNotContain(_folder.Files.Keys, name => name.EndsWith(".tmp", StringComparison.Ordinal));
    }

    [Fact]
    public void Nothing_of_a_bundle_is_in_clear_in_its_file_and_two_seals_of_it_differ()
    {
        byte[] secret = Encoding.Unicode.GetBytes("a secret nobody may see");
        using IdentityBundle bundle = Bundle(secret);
        string first = FileOf(Store().Save(bundle));
        byte[] once = _folder.Files[first];
        Store().Save(bundle);

        Assert.Equal(-1, once.AsSpan().IndexOf(secret));
        Assert.Equal(-1, once.AsSpan().IndexOf("PC7"u8));
        Assert.NotEqual(once, _folder.Files[first]);
    }

    [Fact]
    public void Every_changed_byte_of_a_bundle_is_noticed()
    {
        using IdentityBundle bundle = Bundle(Bytes(300));
        string id = Store().Save(bundle);
        byte[] sound = (byte[])_folder.Files[FileOf(id)].Clone();
        for (int i = 0; i < sound.Length; i += 7)
        {
            byte[] changed = (byte[])sound.Clone();
            changed[i] ^= 0x40;
            _folder.Files[FileOf(id)] = changed;
            var failure = Assert.Throws<IdentityException>(() => ReadAll(id));
            Assert.Contains(
                failure.Failure,
                new[] { IdentityFailure.BundleDamaged, IdentityFailure.BundleNewerVersion, IdentityFailure.BundleWrongKey, IdentityFailure.BundleForeign });
        }
    }

    [Fact]
    public void A_segment_cannot_be_cut_off_swapped_or_taken_from_another_bundle()
    {
        using IdentityBundle bundle = Bundle(Bytes(3 << 20));
        using IdentityBundle other = Bundle(Bytes(3 << 20), Guid.NewGuid());
        string id = Store().Save(bundle);
        byte[] sound = _folder.Files[FileOf(id)];
        byte[] foreign = _folder.Files[FileOf(Store().Save(other))];
        int segment = SegmentSealer.SealedSize(BundleHeader.DefaultSegmentSize);

        byte[] cut = sound[..(BundleHeader.Size + (2 * segment))];
        byte[] swapped = (byte[])sound.Clone();
        sound.AsSpan(BundleHeader.Size, segment).CopyTo(swapped.AsSpan(BundleHeader.Size + segment));
        sound.AsSpan(BundleHeader.Size + segment, segment).CopyTo(swapped.AsSpan(BundleHeader.Size));
        byte[] mixed = (byte[])sound.Clone();
        foreign.AsSpan(BundleHeader.Size + segment, segment).CopyTo(mixed.AsSpan(BundleHeader.Size + segment));

        foreach (byte[] bad in new[] { cut, swapped, mixed, sound[..100], [] })
        {
            _folder.Files[FileOf(id)] = bad;
            Assert.Equal(IdentityFailure.BundleDamaged, Assert.Throws<IdentityException>(() => ReadAll(id)).Failure);
        }
    }

    [Fact]
    public void A_bundle_under_the_name_of_another_is_refused()
    {
        using IdentityBundle bundle = Bundle(Bytes(10));
        string id = Store().Save(bundle);
        string name = Guid.NewGuid().ToString("N");
        _folder.Files[FileOf(name)] = _folder.Files[FileOf(id)];

        Assert.Equal(IdentityFailure.BundleDamaged, Assert.Throws<IdentityException>(() => Store().Load(name)).Failure);
    }

    [Fact]
    public void A_bundle_of_another_machine_is_foreign()
    {
        using IdentityBundle bundle = Bundle(Bytes(10));
        string id = Store().Save(bundle);

        Assert.Equal("IdentityBundleForeign", Assert.Throws<IdentityException>(() => Store().Load(id, Guid.NewGuid())).Code);
    }

    [Fact]
    public void A_bundle_of_a_newer_version_says_so()
    {
        using IdentityBundle bundle = Bundle(Bytes(10));
        string id = Store().Save(bundle);
        _folder.Files[FileOf(id)][8] = 2;

        Assert.Equal(IdentityFailure.BundleNewerVersion, Assert.Throws<IdentityException>(() => Store().Load(id)).Failure);
    }

    [Fact]
    public void A_bundle_whose_key_is_gone_or_was_replaced_says_wrong_key()
    {
        using IdentityBundle bundle = Bundle(Bytes(10));
        string id = Store().Save(bundle);
        string key = _folder.Files.Keys.Single(name => name.EndsWith(".key", StringComparison.Ordinal));
        byte[] bytes = _folder.Files[key];
        _folder.Files.Remove(key);

        Assert.Equal(IdentityFailure.BundleWrongKey, Assert.Throws<IdentityException>(() => Store().Load(id)).Failure);

        // The same id with other bytes is a forged key: the code over the header does not fit.
        bytes[^1] ^= 1;
        _folder.Files[key] = bytes;
        Assert.Equal(IdentityFailure.BundleDamaged, Assert.Throws<IdentityException>(() => Store().Load(id)).Failure);
    }

    [Fact]
    public void A_key_file_that_is_none_is_refused()
    {
        using IdentityBundle bundle = Bundle(Bytes(10));
        Store().Save(bundle);
        string key = _folder.Files.Keys.Single(name => name.EndsWith(".key", StringComparison.Ordinal));
        _folder.Files[key] = Bytes(80);

        Assert.Equal(IdentityFailure.KeyProtectionFailed, Assert.Throws<IdentityException>(() => Store().Save(bundle)).Failure);
    }

    [Theory]
    [InlineData("")]
    [InlineData("../../etc/passwd")]
    [InlineData("0123456789abcdef0123456789abcdef")]
    public void An_absent_bundle_or_what_is_no_id_is_not_found(string id)
    {
        Assert.False(Store().Exists(id));
        Store().Delete(id);
        Assert.Equal(IdentityFailure.BundleNotFound, Assert.Throws<IdentityException>(() => Store().Load(id)).Failure);
    }

    [Fact]
    public void A_folder_that_cannot_be_written_is_named()
    {
        _folder.IsReadOnly = true;
        using IdentityBundle bundle = Bundle(Bytes(10));

        var failure = Assert.Throws<IdentityException>(() => Store().Save(bundle));

        Assert.Equal("IdentityStoreNotWritable", failure.Code);
        Assert.Equal(_folder.Path, failure.Subject);
    }

    [Fact]
    public void A_full_host_is_noticed_before_anything_is_written()
    {
        using IdentityBundle bundle = Bundle(Bytes(10));
        Store().Save(bundle);
        int files = _folder.Files.Count;
        _folder.FreeBytes = 100;
        using IdentityBundle other = Bundle(Bytes(10), Guid.NewGuid());

        Assert.Equal(HostFileFailure.DiskFull, Assert.Throws<HostFileException>(() => Store().Save(other)).Failure);
        Assert.Equal(files, _folder.Files.Count);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_a_killed_run_left_half_written_goes_when_its_bundle_is_saved_or_deleted(bool saved)
    {
        using IdentityBundle bundle = Bundle(Bytes(10));
        _folder.Files[bundle.Id + ".vmidentity.tmp"] = Bytes(5);

        if (saved)
        {
            Store().Save(bundle);
        }
        else
        {
            Store().Delete(bundle.Id);
        }

        Assert.DoesNotContain(_folder.Files.Keys, name => name.EndsWith(".tmp", StringComparison.Ordinal));
        Assert.Equal(saved, Store().Exists(bundle.Id));
    }

    [Fact]
    public void A_deleted_bundle_is_gone()
    {
        using IdentityBundle bundle = Bundle(Bytes(10));
        string id = Store().Save(bundle);

        Store().Delete(id);

        Assert.False(Store().Exists(id));
    }

    [Fact]
    public void Memory_keeps_a_bundle_until_it_is_deleted()
    {
        byte[] payload = Bytes(1000);
        using IdentityBundle bundle = Bundle(payload);
        var store = new MemoryIdentityStore();
        string id = store.Save(bundle);
        bundle.Dispose();

        using (IdentityBundle loaded = store.Load(id, Vm))
        {
            var read = new byte[payload.Length];
            loaded.Payload.Read(0, read);
            Assert.Equal(payload, read);
        }

        using (IdentityBundle again = store.Load(id))
        {
            Assert.Equal("PC7", again.Manifest.VmName);
        }

        Assert.Equal(IdentityFailure.BundleForeign, Assert.Throws<IdentityException>(() => store.Load(id, Guid.Empty)).Failure);
        store.Delete(id);
        Assert.Equal(IdentityFailure.BundleNotFound, Assert.Throws<IdentityException>(() => store.Load(id)).Failure);
    }

    private static byte[] Bytes(int size) => Enumerable.Range(0, size).Select(i => (byte)((i * 31) & 0xFF)).ToArray();

    private static string FileOf(string id) => id + ".vmidentity";

    private static IdentityBundle Bundle(byte[] payload, Guid? id = null)
    {
        var live = new LivePayload();
        long offset = live.Add(payload);
        var manifest = new IdentityManifest
        {
            BundleId = id ?? new Guid("aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"),
            VmId = Vm,
            VmName = "PC7",
            TakenUtc = new DateTime(2026, 3, 4, 5, 6, 7, DateTimeKind.Utc),
            HashKey = Bytes(IdentityHash.KeySize),
            Decisions = [new SetDecision("tanium", SetVerb.Carry, SetOutcome.Carried, "Because.", 1, payload.Length)],
            Items = [new ManifestItem { Set = "tanium", Offset = offset, Length = payload.Length, File = new ManifestFile { SecurityDescriptor = [1, 2] } }],
        };
        return new IdentityBundle(manifest, live);
    }

    private FolderIdentityStore Store() => new(_folder, Guid.NewGuid, new OwnerOnlyKeyProtector());

    private void ReadAll(string id)
    {
        using IdentityBundle loaded = Store().Load(id, Vm);
        loaded.Payload.Read(0, new byte[loaded.Payload.Length]);
    }
}
