using System.Text;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Identity.Secrets;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Registry;
using VmUpdate.Simulation.Disks;
using VmUpdate.Simulation.Files;
using Xunit;

namespace VmUpdate.Core.Tests.Identity.Support;

/// <summary>Moves the identity of one disk onto a copy of another, as a swap does, and looks at the result.</summary>
internal sealed class SwapOfIdentity : IDisposable
{
    private readonly GuestDisk _result;

    private SwapOfIdentity(MemoryDisk disk, IdentityPlan plan, IdentityManifest manifest)
    {
        Disk = disk;
        Plan = plan;
        Manifest = manifest;
        _result = Open(disk, "result");
    }

    public MemoryDisk Disk { get; }

    public IdentityPlan Plan { get; }

    public IdentityManifest Manifest { get; }

    public GuestDisk Result => _result;

    public static IdentityOptions Options { get; } = With();

    public static IdentityOptions With(
        UserDataMode userData = UserDataMode.Never,
        string[]? patterns = null,
        long limit = 1 << 20,
        bool forcedOff = false,
        string[]? onWord = null,
        DpapiMode dpapi = DpapiMode.Rewrap,
        string[]? leaveOut = null,
        string[]? stripOnWord = null,
        bool allowSharedSid = false,
        Func<SecretBuffer?>? joinData = null,
        DateTime? now = null) => new()
        {
            VmId = new Guid("11111111-2222-3333-4444-555555555555"),
            VmName = "PC7",
            NewGuid = () => new Guid("aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"),
            UtcNow = () => now ?? WindowsDiskBuilder.Now,
            UserData = userData,
            UserDataPatterns = patterns ?? [],
            UserDataLimitBytes = limit,
            UserWasForcedOff = forcedOff,
            CarryOnWord = onWord ?? [],
            LeaveOut = leaveOut ?? [],
            StripOnWord = stripOnWord ?? [],
            AllowSharedMachineSid = allowSharedSid,
            JoinData = joinData,
            Dpapi = dpapi,
        };

    public static GuestDisk Open(MemoryDisk disk, string subject, bool writable = false) =>
        GuestDisk.Open(disk, new GuestDiskOptions { Subject = subject, Writable = writable, UtcNow = () => WindowsDiskBuilder.Now });

    public static IdentityPlan PlanOf(
        WindowsDiskBuilder old, WindowsDiskBuilder master, IdentityOptions? options = null, IdentityCatalogue? catalogue = null)
    {
        using GuestDisk oldDisk = Open(old.Build(), "old");
        using GuestDisk masterDisk = Open(master.Build(), "master");
        return new IdentityTransfer(catalogue ?? IdentityCatalogue.LoadBuiltIn()).Plan(oldDisk, masterDisk, options ?? Options);
    }

    /// <summary>Plans, preserves, seals, opens, restores, commits, verifies; and asserts that old disk and master are what they were.</summary>
    public static SwapOfIdentity Run(
        WindowsDiskBuilder old, WindowsDiskBuilder master, IdentityOptions? options = null, IdentityCatalogue? catalogue = null)
    {
        MemoryDisk oldBytes = old.Build();
        MemoryDisk masterBytes = master.Build();
        MemoryDisk untouchedOld = oldBytes.Clone();
        MemoryDisk untouchedMaster = masterBytes.Clone();
        MemoryDisk fresh = masterBytes.Clone();
        var transfer = new IdentityTransfer(catalogue ?? IdentityCatalogue.LoadBuiltIn());
        var store = new FolderIdentityStore(new MemoryHostFolder(), Guid.NewGuid, new OwnerOnlyKeyProtector());
        IdentityPlan plan;
        string id;
        using (GuestDisk oldDisk = Open(oldBytes, "old"))
        using (GuestDisk masterDisk = Open(masterBytes, "master"))
        {
            plan = transfer.Plan(oldDisk, masterDisk, options ?? Options);
            using IdentityBundle taken = transfer.Preserve(oldDisk, masterDisk, plan, options ?? Options);
            id = store.Save(taken);
        }

        using IdentityBundle bundle = store.Load(id, Options.VmId);
        using (GuestDisk target = Open(fresh, "fresh", writable: true))
        {
            transfer.Restore(target, bundle);
            transfer.Restore(target, bundle); // safe to repeat
            target.Commit();
        }

        using (GuestDisk reread = Open(fresh, "fresh"))
        {
            transfer.Verify(reread, bundle);
        }

        Assert.True(oldBytes.HasSameBytes(untouchedOld), "the old disk was written to");
        Assert.True(masterBytes.HasSameBytes(untouchedMaster), "the master was written to");
        return new SwapOfIdentity(fresh, plan, bundle.Manifest);
    }

    public SetDecision Decision(string set) => Plan.Decisions.Single(decision => decision.Set == set);

    public RegistryValue? Value(HiveName hive, string key, string name) =>
        _result.OpenHive(hive).Find(_result.ResolveKey(hive, key))?.FindValue(name);

    public string? Text(HiveName hive, string key, string name) =>
        Value(hive, key, name) is { } value ? Encoding.Unicode.GetString(value.Data).TrimEnd('\0') : null;

    public string? File(string path, string stream = "")
    {
        if (_result.Volume.Find(GuestPath.Parse(path)) is null)
        {
            return null;
        }

        using IBlockFile file = _result.Volume.OpenStream(GuestPath.Parse(path), stream);
        byte[] bytes = new byte[file.Length];
        file.ReadAt(0, bytes);
        return Encoding.UTF8.GetString(bytes);
    }

    public void Dispose() => _result.Dispose();
}
