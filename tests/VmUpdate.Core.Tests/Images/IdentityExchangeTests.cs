using VmUpdate.Core.Identity;
using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.Core.Tests.Identity.Exports;
using VmUpdate.DiskFormats;
using VmUpdate.Simulation.Machines;
using Xunit;

namespace VmUpdate.Core.Tests.Images;

/// <summary>Identities out of a host and onto new disks, through the host's machines.</summary>
public sealed class IdentityExchangeTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly string[] Rotating = ["domain-trust", "dpapi-system", "configmgr"];
    private readonly ExportKey _key = ExportFileTests.ByPassphrase("correct horse battery");
    private SealedWorld _sealed = null!;

    public async ValueTask InitializeAsync() =>
        _sealed = await SealedWorld.CreateAsync(PortableBundleTests.Old(), PortableBundleTests.Master(2));

    public ValueTask DisposeAsync()
    {
        _key.Dispose();
        _sealed.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task An_export_restores_a_machine_whose_disk_is_lost()
    {
        (string? current, string? former) = SealedWorld.Secret(_sealed.OldPath);
        IdentityExportResult export = await ExportAsync();
        File.Delete(await _sealed.DiskAsync());

        IdentityImportResult import = await ImportAsync(export.Path, "new.vhdx");

        Assert.Equal("PC7", import.ComputerName);
        Assert.Equal((current, former), SealedWorld.Secret(import.DiskPath));
        Assert.NotNull(SealedWorld.MasterKey(import.DiskPath, new Guid("01c3883e-8cb8-eead-f75c-ffff739b69dd")));
        Assert.Contains("domain-trust", import.SetsCarried);
        Assert.Contains("configmgr", import.SetsCarried);
        Assert.Contains("domain-trust", export.Sets);
        Assert.DoesNotContain("user-data", export.Sets);
    }

    [Fact]
    public async Task Secrets_are_never_brought_back_while_the_machine_has_a_disk()
    {
        IdentityExportResult export = await ExportAsync();

        var failure = await Assert.ThrowsAsync<IdentityException>(() => ImportAsync(export.Path, "new.vhdx"));
        Assert.Equal("IdentityNewerDiskExists", failure.Code);
        Assert.All(Rotating, set => Assert.Contains(set, failure.Message, StringComparison.Ordinal));
        Assert.False(File.Exists(_sealed.PathOf("new.vhdx")));

        IdentityImportResult without = await ImportAsync(export.Path, "new.vhdx", leaveOut: Rotating);
        Assert.Equal("PC7", without.ComputerName);
        Assert.Null(SealedWorld.Secret(without.DiskPath).Current);
        Assert.DoesNotContain("domain-trust", without.SetsCarried);
    }

    [Fact]
    public async Task A_disk_that_is_held_or_that_was_kept_with_a_newer_secret_counts_and_one_that_is_spoiled_does_not()
    {
        IdentityExportResult export = await ExportAsync();
        string disk = await _sealed.DiskAsync();
        using (new FileStream(disk, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
        {
            Assert.Equal("IdentityNewerDiskExists", (await Assert.ThrowsAsync<IdentityException>(() => ImportAsync(export.Path, "new.vhdx"))).Code);
        }

        await _sealed.UpdateAsync();
        string newer = await _sealed.DiskAsync();
        File.WriteAllBytes(newer, new byte[1 << 20]);
        IdentityImportResult import = await ImportAsync(export.Path, "new.vhdx"); // the kept disk holds the same secret, not a newer one
        Assert.Contains(import.Warnings, warning => warning.Contains(newer, StringComparison.Ordinal));

        SealedWorld.Change(disk, guest => SealedWorld.Rotate(guest, "a newer secret", new DateTime(2026, 5, 1, 0, 0, 0, DateTimeKind.Utc)));
        Assert.Equal("IdentityNewerDiskExists", (await Assert.ThrowsAsync<IdentityException>(() => ImportAsync(export.Path, "newer.vhdx"))).Code);
    }

    [Fact]
    public async Task An_export_of_another_machine_is_refused_unless_that_machine_was_made_anew()
    {
        IdentityExportResult export = await ExportAsync();
        File.Delete(await _sealed.DiskAsync());
        VmKey other = await _sealed.AdoptAsync("PC7-NEW", _sealed.MasterPath);
        File.Delete(await _sealed.World.BootPathAsync(other));

        var failure = await Assert.ThrowsAsync<IdentityException>(() => ImportAsync(export.Path, "new.vhdx", vm: other));
        Assert.Equal("IdentityBundleForeign", failure.Code);
        Assert.Contains("PC7", failure.Message, StringComparison.Ordinal);
        Assert.Equal("PC7", (await ImportAsync(export.Path, "new.vhdx", vm: other, allowOther: true)).ComputerName);
    }

    [Fact]
    public async Task An_export_from_a_disk_file_is_of_no_machine()
    {
        IdentityExportResult export = IdentityExchange.ExportDisk(_sealed.OldPath, _sealed.PathOf("exports"), _key, [], Services());
        File.Delete(await _sealed.DiskAsync());

        Assert.Equal("IdentityBundleForeign", (await Assert.ThrowsAsync<IdentityException>(() => ImportAsync(export.Path, "new.vhdx"))).Code);
        IdentityImportResult import = await ImportAsync(export.Path, "new.vhdx", allowOther: true);
        Assert.Contains(import.Warnings, warning => warning.Contains("is not known", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(20, false)]
    [InlineData(31, true)]
    public async Task A_secret_of_more_than_30_days_is_warned_of(int days, bool warns)
    {
        DateTime set = _sealed.World.Clock.UtcNow - TimeSpan.FromDays(days);
        SealedWorld.Change(await _sealed.DiskAsync(), disk => SealedWorld.Rotate(disk, "its secret now", set));
        IdentityExportResult export = await ExportAsync();
        Assert.Equal(set, export.MachineSecretSetUtc!.Value, TimeSpan.FromSeconds(1));
        File.Delete(await _sealed.DiskAsync());

        IdentityImportResult import = await ImportAsync(export.Path, "new.vhdx");

        Assert.Equal(warns, import.Warnings.Any(warning => warning.Contains($"{days} days ago", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_machine_that_is_not_off_is_not_exported()
    {
        await _sealed.World.Lab.StartAsync(_sealed.Vm, None);

        Assert.Equal("VmBusy", (await Assert.ThrowsAsync<HypervisorException>(ExportAsync)).Code);
        Assert.False(Directory.Exists(_sealed.PathOf("exports")));
    }

    [Fact]
    public async Task What_was_kept_beside_an_old_disk_is_exported_when_that_disk_is_gone()
    {
        (string? current, string? former) = SealedWorld.Secret(_sealed.OldPath);
        string old = await _sealed.DiskAsync();
        await _sealed.UpdateAsync();
        File.Delete(old);
        File.Delete(await _sealed.DiskAsync());

        IdentityExportResult export = await _sealed.Exchange.ExportKeptAsync(_sealed.Selected, 1, _sealed.PathOf("exports"), _key, [], None);
        IdentityImportResult import = await ImportAsync(export.Path, "new.vhdx");

        Assert.Equal((current, former), SealedWorld.Secret(import.DiskPath));
        Assert.Equal("IdentityBundleNotFound", (await Assert.ThrowsAsync<IdentityException>(
            () => _sealed.Exchange.ExportKeptAsync(_sealed.Selected, 9, _sealed.PathOf("exports"), _key, [], None))).Code);
    }

    [Fact]
    public async Task Nothing_that_is_there_is_written_to()
    {
        IdentityExportResult export = await ExportAsync();
        string disk = await _sealed.DiskAsync();
        string master = SwapWorld.Sha256(_sealed.MasterPath);
        string before = SwapWorld.Sha256(disk);

        Assert.Equal(HostFileFailure.AlreadyExists, (await Assert.ThrowsAsync<HostFileException>(
            () => ImportAsync(export.Path, Path.GetFileName(_sealed.OldPath), leaveOut: Rotating))).Failure);
        Assert.Equal(HostFileFailure.AlreadyExists, (await Assert.ThrowsAsync<HostFileException>(
            () => ImportToAsync(export.Path, disk))).Failure);
        await ImportAsync(export.Path, "new.vhdx", leaveOut: Rotating);

        Assert.Equal((master, before), (SwapWorld.Sha256(_sealed.MasterPath), SwapWorld.Sha256(disk)));
        Task ImportToAsync(string export, string path) => _sealed.Exchange.ImportAsync(
            _sealed.Selected, export, _key, new IdentityImportOptions { DiskPath = path, MasterPath = _sealed.MasterPath, LeaveOut = Rotating }, None);
    }

    [Fact]
    public async Task A_master_that_is_attached_or_is_none_is_refused_and_leaves_no_disk()
    {
        IdentityExportResult export = await ExportAsync();
        string disk = await _sealed.DiskAsync();
        string text = _sealed.PathOf("text.vhdx");
        await File.WriteAllTextAsync(text, "no disk", None);

        Assert.Equal("MasterInUse", (await Assert.ThrowsAsync<SwapException>(() => ImportAsync(export.Path, "new.vhdx", master: disk))).Code);
        Assert.StartsWith("Disk", (await Assert.ThrowsAsync<DiskFormatException>(() => ImportAsync(export.Path, "new.vhdx", master: text))).Code, StringComparison.Ordinal);
        Assert.False(File.Exists(_sealed.PathOf("new.vhdx")));
    }

    [Fact]
    public async Task A_new_key_leaves_what_is_kept_of_use_and_waits_for_no_swap()
    {
        await _sealed.UpdateAsync();
        using (_sealed.World.Store.AcquireLease(PooledImageUpdater.LeaseOf(_sealed.World.Contents.Pool, _sealed.World.Lab.HostId), "a swap"))
        {
            // The test's own process holds it: a lease is one for all.
            Assert.Equal(StoreFailure.LeaseHeld, Assert.Throws<StoreException>(() => _sealed.Exchange.RotateKey()).Failure);
        }

        IdentityKeyRotation rotation = _sealed.Exchange.RotateKey();

        Assert.Equal((1, 1), (rotation.BundlesResealed, rotation.KeysRemoved));
        Assert.Single(Directory.GetFiles(_sealed.World.Lab.IdentityFolder, "*.key"));
        await _sealed.Exchange.ExportKeptAsync(_sealed.Selected, 1, _sealed.PathOf("exports"), _key, [], None);
        _sealed.World.Identities = new MemoryIdentityStore();
        Assert.Equal("IdentityStoreNotWritable", Assert.Throws<IdentityException>(() => _sealed.Exchange.RotateKey()).Code);
    }

    [Fact]
    public async Task A_kept_identity_goes_with_its_old_disk_and_not_before()
    {
        string folder = _sealed.World.Lab.IdentityFolder;
        await _sealed.UpdateAsync();
        await _sealed.RestoreAsync();
        Assert.Equal(2, Kept());
        Assert.All(Directory.GetFiles(folder, "*.vmidentity"), file => Assert.True(new FileInfo(file).Length < 100_000));

        await _sealed.World.Updater().RemoveOldDisksAsync(VmSelection.All, beforeTime: false, None);
        Assert.Equal(2, Kept());
        _sealed.World.Clock.Advance(TimeSpan.FromDays(15));
        await _sealed.World.Updater().RemoveOldDisksAsync(VmSelection.All, beforeTime: false, None);
        Assert.Equal(1, Kept()); // the first disk is the parent of the present one, and stays, and so does what was kept of it
        Assert.Equal(DiskRevisionState.Removed, _sealed.World.Store.GetRevisions(_sealed.Vm).Single(revision => revision.Number == 2).State);

        int Kept() => Directory.GetFiles(folder, "*.vmidentity").Length;
    }

    private UpdaterServices Services() => new()
    {
        Hypervisor = _sealed.World.Lab,
        Store = _sealed.World.Store,
        Files = _sealed.World.Files,
        Identities = _sealed.World.Identities,
        Catalogue = IdentityCatalogue.LoadBuiltIn(),
        Clock = _sealed.World.Clock,
    };

    private Task<IdentityExportResult> ExportAsync() => _sealed.Exchange.ExportAsync(_sealed.Selected, _sealed.PathOf("exports"), _key, [], None);

    private Task<IdentityImportResult> ImportAsync(
        string export, string disk, string[]? leaveOut = null, VmKey? vm = null, bool allowOther = false, string? master = null) =>
        _sealed.Exchange.ImportAsync(
            VmSelection.ById((vm ?? _sealed.Vm).VmId),
            export,
            _key,
            new IdentityImportOptions
            {
                DiskPath = _sealed.PathOf(disk),
                MasterPath = master ?? _sealed.MasterPath,
                LeaveOut = leaveOut ?? [],
                AllowOtherMachine = allowOther,
            },
            None);
}
