using System.Text;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Identity.Secrets;
using VmUpdate.Core.Tests.Identity.Secrets;
using VmUpdate.Core.Tests.Identity.Support;
using VmUpdate.DiskFormats.Ntfs;
using VmUpdate.Simulation.Disks;
using VmUpdate.Simulation.Files;
using Xunit;

namespace VmUpdate.Core.Tests.Identity.Exports;

/// <summary>An identity that was taken from a disk for no master in particular, onto disks of any master.</summary>
public sealed class PortableBundleTests
{
    private static readonly Guid Key = new("01c3883e-8cb8-eead-f75c-ffff739b69dd");
    private static readonly Guid UserKey = new("1d546a99-b061-dd44-24de-e11d8cbfa46a");
    private static readonly byte[] Current = Encoding.Unicode.GetBytes("the machine's present secret");
    private static readonly byte[] Former = Encoding.Unicode.GetBytes("the machine's former secret");
    private static readonly byte[] Plain = [.. Enumerable.Range(0, 64).Select(part => (byte)(part * 3 % 251))];
    private readonly IdentityTransfer _transfer = new(IdentityCatalogue.LoadBuiltIn());

    [Theory]
    [InlineData(2, DpapiMode.Rewrap)]
    [InlineData(3, DpapiMode.Rewrap)]
    [InlineData(3, DpapiMode.Replace)]
    public void Through_an_export_comes_what_comes_through_a_swap(int master, DpapiMode mode)
    {
        IdentityOptions options = SwapOfIdentity.With(dpapi: mode);
        using SwapOfIdentity direct = SwapOfIdentity.Run(Old().Disk, Master(master).Disk, options);
        using MemoryDisk oldBytes = Old().Disk.Build();
        using GuestDisk old = SwapOfIdentity.Open(oldBytes, "old");
        using IdentityBundle export = Exported(_transfer.Take(old, options));
        using IdentityStandIn standIn = IdentityStandIn.Build(export, () => WindowsDiskBuilder.Now);
        using GuestDisk result = SwapOfIdentity.Open(Import(standIn.Disk, Master(master), options), "result");

        AssertSame(direct.Result, result);
    }

    [Fact]
    public void The_bundle_of_a_swap_serves_another_master_too()
    {
        using MemoryDisk oldBytes = Old().Disk.Build();
        using GuestDisk old = SwapOfIdentity.Open(oldBytes, "old");
        using GuestDisk first = SwapOfIdentity.Open(Master(2).Disk.Build(), "first");
        using IdentityBundle taken = _transfer.Preserve(old, first, _transfer.Plan(old, first, SwapOfIdentity.Options), SwapOfIdentity.Options);
        var folder = new MemoryHostFolder();
        var store = new FolderIdentityStore(folder, Guid.NewGuid, new OwnerOnlyKeyProtector());
        using IdentityBundle kept = store.Load(store.Save(taken));
        using IdentityBundle export = Exported(PortableBundle.Of(kept, Guid.NewGuid()));
        using IdentityStandIn standIn = IdentityStandIn.Build(export, () => WindowsDiskBuilder.Now);
        using SwapOfIdentity direct = SwapOfIdentity.Run(Old().Disk, Master(3).Disk);
        using GuestDisk result = SwapOfIdentity.Open(Import(standIn.Disk, Master(3), SwapOfIdentity.Options), "result");

        AssertSame(direct.Result, result);
        Assert.Equal(WindowsDiskBuilder.Now, export.Manifest.MachineSecretSetUtc);
    }

    [Fact]
    public void Each_thing_is_on_the_stand_in_as_it_was_on_the_disk()
    {
        using GuestDisk old = SwapOfIdentity.Open(Old().Disk.Build(), "old");
        using IdentityBundle bundle = _transfer.Take(old, SwapOfIdentity.Options);
        using IdentityStandIn standIn = IdentityStandIn.Build(bundle, () => WindowsDiskBuilder.Now);

        Assert.True(bundle.Manifest.Source.Count > 30);
        foreach (ManifestItem item in bundle.Manifest.Source.Where(item => item.Kind != ManifestItemKind.Folder))
        {
            Assert.Equal(item.OldHash, ItemKind.Of(item).HashOn(standIn.Disk, item, bundle.Manifest.HashKey));
        }

        Assert.Equal(old.MachineSid, standIn.Disk.MachineSid);
        Assert.Equal(old.WindowsBuild, standIn.Disk.WindowsBuild);
    }

    [Fact]
    public void A_set_that_is_left_out_is_not_in_it_and_users_files_never_are()
    {
        using GuestDisk old = SwapOfIdentity.Open(Old().Disk.Build(), "old");
        using IdentityBundle bundle = _transfer.Take(old, SwapOfIdentity.With(leaveOut: ["domain-trust"], userData: UserDataMode.Always));

        Assert.DoesNotContain(bundle.Manifest.Source, item => item.Set is "domain-trust" or "user-data");
        Assert.Null(bundle.Manifest.MachineSecretSetUtc);
        Assert.Equal(SetOutcome.NotCarried, bundle.Manifest.Decisions.Single(decision => decision.Set == "domain-trust").Outcome);
        Assert.Contains(bundle.Manifest.Source, item => item.Set == "computer-name");
    }

    [Fact]
    public void A_secret_that_does_not_open_is_not_exported()
    {
        SealedMachine old = Old();
        old.Disk.Hive("SECURITY", hive =>
        {
            byte[] record = hive.Find(@"Policy\Secrets\$MACHINE.ACC\CurrVal")!.FindValue(string.Empty)!.Data;
            record[62] ^= 0x41;
            hive.Find(@"Policy\Secrets\$MACHINE.ACC\CurrVal")!.SetValue(string.Empty, 0, record);
        });
        using GuestDisk disk = SwapOfIdentity.Open(old.Disk.Build(), "old");

        Assert.Equal("IdentitySecretUnreadable", Assert.Throws<IdentityException>(() => _transfer.Take(disk, SwapOfIdentity.Options)).Code);
        _transfer.Take(disk, SwapOfIdentity.With(leaveOut: ["domain-trust"])).Dispose();
    }

    [Fact]
    public void A_bundle_that_holds_nothing_of_a_disk_is_refused()
    {
        using var empty = new IdentityBundle(new IdentityManifest { BundleId = Guid.NewGuid() }, new LivePayload());

        Assert.Equal("IdentityBundleDamaged", Assert.Throws<IdentityException>(() => IdentityStandIn.Build(empty, () => WindowsDiskBuilder.Now)).Code);
        Assert.Equal("IdentityBundleNotFound", Assert.Throws<IdentityException>(() => PortableBundle.Of(empty, Guid.NewGuid())).Code);
    }

    internal static SealedMachine Old() => new SealedMachine("PC7", 1).Domain("corp.example", Current, Former)
        .WithMachineGuid("11111111-2222-3333-4444-555555555555").ConfigMgr("GUID:OLD", Key).MasterKey(Key, Plain).MasterKey(UserKey, Plain, isOfUser: true)
        .File(SealedMachine.ProtectFolder + "Preferred", Key.ToByteArray());

    internal static SealedMachine Master(int seed) =>
        new SealedMachine("MASTER", seed).WithMachineGuid("99999999-2222-3333-4444-555555555555");

    private static IdentityBundle Exported(IdentityBundle bundle)
    {
        using (bundle)
        {
            using ExportKey key = ExportFileTests.ByPassphrase("correct horse battery");
            var folder = new MemoryHostFolder();
            IdentityExport.Write(folder, "export.vmid", bundle, key);
            return IdentityExport.Open(folder, "export.vmid", key);
        }
    }

    private MemoryDisk Import(GuestDisk old, SealedMachine master, IdentityOptions options)
    {
        MemoryDisk fresh = master.Disk.Build();
        using GuestDisk masterDisk = SwapOfIdentity.Open(fresh.Clone(), "master");
        using IdentityBundle bundle = _transfer.Preserve(old, masterDisk, _transfer.Plan(old, masterDisk, options), options);
        using (GuestDisk target = SwapOfIdentity.Open(fresh, "fresh", writable: true))
        {
            _transfer.Restore(target, bundle);
            target.Commit();
        }

        using GuestDisk result = SwapOfIdentity.Open(fresh, "result");
        _transfer.Verify(result, bundle);
        return fresh;
    }

    /// <summary>All values and files are the same but for what sealing anew made of secrets; those open to the same.</summary>
    private static void AssertSame(GuestDisk expected, GuestDisk result)
    {
        foreach (HiveName hive in new[] { HiveName.System, HiveName.Software, HiveName.Sam })
        {
            Assert.Empty(DiskContents.Differences(DiskContents.Values(expected, hive), DiskContents.Values(result, hive)));
        }

        Assert.DoesNotContain(
            DiskContents.Differences(DiskContents.Files(expected), DiskContents.Files(result)),
            path => !path.Contains(@"\config\", StringComparison.OrdinalIgnoreCase) && !path.Contains(@"\Protect\", StringComparison.OrdinalIgnoreCase));
        Assert.Equal(Secrets(expected), Secrets(result));
    }

    private static List<string> Secrets(GuestDisk disk)
    {
        var opened = new List<string>();
        using GuestSecrets secrets = GuestSecrets.Open(disk);
        foreach (string name in new[] { "$MACHINE.ACC", "DPAPI_SYSTEM" })
        {
            foreach (LsaSecretPart part in Enum.GetValues<LsaSecretPart>())
            {
                using SecretBuffer? secret = secrets.Read(name, part);
                opened.Add($"{name} {part} {(secret is null ? "none" : Convert.ToHexString(secret.Span))}");
            }
        }

        using DpapiSystem system = DpapiSystem.Read(secrets);
        foreach (NtfsEntry entry in MasterKeyStore.Enumerate(disk))
        {
            (SecretBuffer key, DpapiSystemPart part) = MasterKeyStore.Read(disk, entry).Open(system, MasterKeyStore.LikelyPart(entry));
            using (key)
            {
                opened.Add($"{entry.Path} {part} {Convert.ToHexString(key.Span)}");
            }
        }

        Assert.Contains(opened, line => line.Contains(Convert.ToHexString(Current), StringComparison.Ordinal));
        Assert.Equal(2, opened.Count(line => line.Contains(Convert.ToHexString(Plain), StringComparison.Ordinal)));
        return opened;
    }
}
