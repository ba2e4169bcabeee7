using System.Text;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Images;
using VmUpdate.Core.Tests.Identity.Exports;
using VmUpdate.Core.Tests.Identity.Secrets;
using Xunit;

namespace VmUpdate.Core.Tests.Images;

/// <summary>
/// Whole runs with planted secrets: the swap, the way back, an export, an import. Looked through is all that they leave on the host: disks,
/// the store and its log, the lab's records, bundles of a store that seals nothing.
/// </summary>
public sealed class SecretsStayHiddenInRunsTests
{
    private readonly PlantedSecrets _planted = new();

    [Fact]
    public async Task Nothing_that_a_run_leaves_on_the_host_or_says_holds_a_secret()
    {
        using SealedWorld world = await SealedWorld.CreateAsync(_planted.Old, _planted.Master);
        string folder = world.PathOf("unsealed");
        Directory.CreateDirectory(folder);
        world.World.Identities = new PassThroughStore(world.World.Identities, folder);
        var said = new StringBuilder();
        using ExportKey key = ExportFileTests.ByPassphrase("correct horse battery");

        PooledVmUpdateResult forth = await world.UpdateAsync();
        Search();
        PooledVmUpdateResult back = await world.RestoreAsync();
        IdentityExportResult export = await world.Exchange.ExportAsync(world.Selected, world.PathOf("exports"), key, [], CancellationToken.None);
        IdentityExportResult kept = await world.Exchange.ExportKeptAsync(world.Selected, 1, world.PathOf("kept"), key, [], CancellationToken.None);
        var refused = await Assert.ThrowsAsync<IdentityException>(() => ImportAsync("refused.vhdx"));
        File.Delete(await world.DiskAsync());
        IdentityImportResult import = await ImportAsync("new.vhdx");
        using (IdentityBundle opened = IdentityExport.Open(new DiskFormats.Blocks.HostFileSystem().OpenFolder(Path.GetDirectoryName(export.Path)!), Path.GetFileName(export.Path), key))
        {
            PassThroughStore.Write(opened, Path.Combine(folder, "export"));
        }

        said.AppendJoin('\n', forth, back, export, kept, import, refused);
        foreach (string file in Directory.GetFiles(world.World.Lab.StoreFolder))
        {
            said.AppendLine(file);
        }

        Assert.Equal((PooledVmUpdateState.Updated, PooledVmUpdateState.Updated), (forth.State, back.State));
        Assert.Contains("-wal", said.ToString(), StringComparison.Ordinal); // the store's log was among what was looked through
        Assert.True(Directory.GetFiles(folder).Length >= 3);
        Assert.Empty(_planted.Search.Find(said.ToString()));
        Search();

        await File.WriteAllTextAsync(Path.Combine(world.World.Lab.StoreFolder, "planted"), Convert.ToBase64String(_planted.Account), CancellationToken.None);
        Assert.Contains("planted", Assert.Single(_planted.Search.FindInFolder(world.World.Folder)), StringComparison.Ordinal);

        void Search() => Assert.Empty(_planted.Search.FindInFolder(world.World.Folder));

        Task<IdentityImportResult> ImportAsync(string disk) => world.Exchange.ImportAsync(
            world.Selected,
            export.Path,
            key,
            new IdentityImportOptions { DiskPath = world.PathOf(disk), MasterPath = world.MasterPath },
            CancellationToken.None);
    }

    /// <summary>Keeps bundles as another store does, and beside them what that store would keep if it sealed nothing.</summary>
    private sealed class PassThroughStore(IIdentityStore inner, string folder) : IIdentityStore
    {
        public static void Write(IdentityBundle bundle, string path)
        {
            byte[] payload = new byte[bundle.Payload.Length];
            bundle.Payload.Read(0, payload);
            File.WriteAllBytes(path, [.. bundle.Manifest.ToJson(), .. payload]);
        }

        public string Save(IdentityBundle bundle)
        {
            Write(bundle, Path.Combine(folder, bundle.Id));
            return inner.Save(bundle);
        }

        public IdentityBundle Load(string bundleId, Guid? vmId = null) => inner.Load(bundleId, vmId);

        public long FreeBytes => inner.FreeBytes;

        public bool Exists(string bundleId) => inner.Exists(bundleId);

        public void Retain(string bundleId, IReadOnlyCollection<string> withoutSets) => inner.Retain(bundleId, withoutSets);

        public void Delete(string bundleId) => inner.Delete(bundleId);
    }
}
