using VmUpdate.Core.Identity;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.Simulation.Files;
using Xunit;

namespace VmUpdate.Core.Tests.Identity;

/// <summary>The power fails at every flush of the identity store, and its volume fills up at every write.</summary>
[Trait("Kind", "Crash")]
public sealed class IdentityStoreCrashTests
{
    private const string Folder = "/identities";
    private static readonly Guid Vm = new("11111111-2222-3333-4444-555555555555");

    [Theory]
    [InlineData(1, 100)]
    [InlineData(2, (2 << 20) + 5)]
    public void A_bundle_is_absent_or_whole_after_any_crash_and_whole_once_it_was_saved(int seed, int size)
    {
        var files = new CrashFileSystem();
        files.CreateFolder(Folder, ownerOnly: true);
        byte[] payload = Enumerable.Range(0, size).Select(i => (byte)((i * 7) & 0xFF)).ToArray();
        string? first = null;
        string? second = null;
        int crashes = 0;
        files.BeforeFlush = _ => Judge();

        first = Save(files, payload, 1);
        Assert.InRange(files.FlushCount, 1, 4);
        int before = files.FlushCount;
        second = Save(files, payload, 2);
        Assert.InRange(files.FlushCount - before, 1, 2); // the key is there by now
        Judge();
        Assert.True(crashes > 20, $"only {crashes} crashes were tried");

        void Judge()
        {
            foreach (CrashImage image in files.AfterPowerLoss(seed))
            {
                RequireAbsentOrWhole(image, IdOf(1), payload, isSaved: first is not null);
                RequireAbsentOrWhole(image, IdOf(2), payload, isSaved: second is not null);

                // And the next run can save.
                Save(image.Files, payload, 3);
                crashes++;
            }
        }
    }

    [Fact]
    public void A_write_that_fails_leaves_no_bundle_and_no_leftover_and_the_next_one_succeeds()
    {
        byte[] payload = new byte[3000];
        for (int failAt = 1; ; failAt++)
        {
            var files = new CrashFileSystem();
            files.CreateFolder(Folder, ownerOnly: true);
            var faulting = new FaultingFileSystem(files) { FailAt = failAt };
            try
            {
                Save(faulting, payload, 1);
            }
            catch (HostFileException failure)
            {
                Assert.Equal(HostFileFailure.DiskFull, failure.Failure);
                Save(files, payload, 1);
                Assert.DoesNotContain(files.OpenFolder(Folder).Enumerate(), name => name.EndsWith(".vmidentity.tmp", StringComparison.Ordinal));
                continue;
            }

            Assert.True(failAt > 6, $"only {failAt - 1} writes were made");
            return;
        }
    }

    private static Guid IdOf(int number) => new(number, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    private static FolderIdentityStore Store(IHostFileSystem files) =>
        new(files.OpenFolder(Folder), Guid.NewGuid, new OwnerOnlyKeyProtector());

    private static string Save(IHostFileSystem files, byte[] payload, int number)
    {
        var live = new LivePayload();
        live.Add(payload);
        using var bundle = new IdentityBundle(
            new IdentityManifest { BundleId = IdOf(number), VmId = Vm, HashKey = new byte[IdentityHash.KeySize] }, live);
        return Store(files).Save(bundle);
    }

    private static void RequireAbsentOrWhole(CrashImage image, Guid id, byte[] payload, bool isSaved)
    {
        FolderIdentityStore store = Store(image.Files);
        if (!store.Exists(id.ToString("N")))
        {
            Assert.False(isSaved, $"{image.What}: the bundle is gone");
            return;
        }

        // A name may be durable before the step says so; then its bytes must be, too.
        using IdentityBundle bundle = store.Load(id.ToString("N"), Vm);
        byte[] read = new byte[payload.Length];
        bundle.Payload.Read(0, read);
        Assert.True(payload.AsSpan().SequenceEqual(read), image.What);
    }
}
