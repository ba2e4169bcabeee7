using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.Simulation.Files;
using VmUpdate.Simulation.Machines;
using Xunit;

namespace VmUpdate.Core.Tests.Images;

/// <summary>
/// Power fails at each flush of the new disk and the bundle, and of what was not flushed anything may be lost: the same call made again
/// ends with the machine on the new disk, whole. (The store's own file is SQLite's; what a kill leaves of it is tested by killing.)
/// </summary>
[Trait("Kind", "Crash")]
public sealed class PowerLossTests
{
    private const int Seed = 20260301;

    [Theory]
    [InlineData(VmPowerState.Off)]
    [InlineData(VmPowerState.Running)]
    public async Task After_a_loss_of_power_at_any_flush_the_same_call_finishes_the_swap(VmPowerState state)
    {
        using SwapWorld world = await SwapWorld.CreateAsync();
        await world.Lab.SetStateAsync(world.Vm, state, CancellationToken.None);
        string old = await world.BootPathAsync();
        IReadOnlyList<string> identity = SwapWorld.Describe(old);
        string[] untouched = [old, world.V1, world.V2];
        Dictionary<string, byte[]> disks = untouched.ToDictionary(path => path, File.ReadAllBytes);
        Dictionary<string, byte[]> records = world.Snapshot();

        int flushes = 0;
        int images = 0;
        for (bool wasCut = true; wasCut; flushes++)
        {
            var files = new CrashFileSystem();
            foreach ((string path, byte[] bytes) in disks)
            {
                files.Add(path, bytes);
            }

            world.Files = files;
            world.Reset(records);
            world.Identities = world.OpenFolderStore();
            List<CrashImage> after = [];
            int flush = 0;
            files.BeforeFlush = path =>
            {
                if (flush++ == flushes)
                {
                    after = files.AfterPowerLoss(Seed + flushes).ToList();
                    throw new KilledException($"flush {flushes} of {path}");
                }
            };
            string where = "no flush";
            wasCut = false;
            try
            {
                await world.UpdateAsync(world.V2);
            }
            catch (KilledException killed)
            {
                wasCut = true;
                where = killed.Message;
            }

            Dictionary<string, byte[]> left = world.Snapshot();
            foreach (CrashImage image in after)
            {
                images++;
                world.Files = image.Files;
                world.Reset(left);
                world.Identities = world.OpenFolderStore();
                PooledVmUpdateResult result = await world.UpdateAsync(world.V2);
                string what = $"seed {Seed}, {where}, {image.What}";
                Assert.True(result.State is PooledVmUpdateState.Updated or PooledVmUpdateState.Current, $"{what}: {result.State} {result.Error}");
                Assert.Equal(identity, SwapWorld.Describe(result.DiskPath, image.Files));
                Assert.Equal("2.0", SwapWorld.VersionOn(result.DiskPath, image.Files));
                Assert.True(state == await world.StateAsync(), what);
                foreach (string path in untouched)
                {
                    Assert.True(image.Files.ReadAll(path).AsSpan().SequenceEqual(disks[path]), $"{what}: {path} was changed");
                }
            }
        }

        TestContext.Current.SendDiagnosticMessage($"{flushes - 1} flushes, {images} crashes, seed {Seed}");
        Assert.True(flushes > 3);
    }
}
