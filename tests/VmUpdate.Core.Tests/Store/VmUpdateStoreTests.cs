using Microsoft.Data.Sqlite;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.Simulation.Machines;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.Core.Tests.Store;

public sealed class VmUpdateStoreTests : IDisposable
{
    private static readonly VmKey Vm = new("host", new Guid("11111111-2222-3333-4444-555555555555"));
    private readonly TempFolder _folder = new();
    private readonly ManualClock _clock = new();

    private string Folder => _folder.File("store");

    private string File => Path.Combine(Folder, VmUpdateStore.FileName);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_was_written_is_read_again_by_the_next_process()
    {
        SwapRecord swap = Swap();
        using (VmUpdateStore store = Open())
        {
            store.Write(t =>
            {
                t.SavePool(new PoolRecord("Pool Ä", "host", "/m.vhdx", TimeSpan.FromDays(3)));
                t.SaveMachine(new MachineRecord(Vm, "PC-01", MachineRole.Pooled, "pool ä"));
                t.SaveRevision(new DiskRevision(Vm, 1, "/a", "/m", Guid.Empty, DiskRevisionState.Current, 0, null));
                t.SaveSwap(swap);
                t.AddStep(swap.Id, new SwapStep(SwapState.Planned, _clock.UtcNow, "first"));
                t.AddStep(swap.Id, new SwapStep(SwapState.NewDiskPrepared, _clock.UtcNow, string.Empty));
            });
        }

        using VmUpdateStore again = Open();
        Assert.Equal(new PoolRecord("Pool Ä", "host", "/m.vhdx", TimeSpan.FromDays(3)), again.FindPool("host", "POOL ä"));
        Assert.Equal(new MachineRecord(Vm, "PC-01", MachineRole.Pooled, "Pool Ä"), again.FindMachine(Vm));
        Assert.Equal("/a", again.GetRevisions(Vm).Single().Path);
        SwapRecord read = again.FindOpenSwap(Vm)!;
        Assert.Equal(["anna", "ben"], read.UsersLoggedOff);
        Assert.Equal(swap with { UsersLoggedOff = read.UsersLoggedOff, SetsCarried = [], SetsLost = [], SetsStripped = [] }, read with { SetsCarried = swap.SetsCarried, SetsLost = swap.SetsLost, SetsStripped = swap.SetsStripped });
        Assert.Equal([SwapState.Planned, SwapState.NewDiskPrepared], again.GetSteps(swap.Id).Select(step => step.State));
    }

    [Fact]
    public void A_transaction_that_throws_changes_nothing()
    {
        using VmUpdateStore store = Open();
        Assert.Throws<KilledException>(() => store.Write(t =>
        {
            t.SavePool(new PoolRecord("P", "host", string.Empty, TimeSpan.Zero));
            throw new KilledException("half way");
        }));
        Assert.Empty(store.GetPools("host"));
    }

    [Fact]
    public void A_machine_has_one_open_swap_at_most()
    {
        using VmUpdateStore store = Open();
        store.Write(t => t.SaveSwap(Swap()));
        Assert.Throws<StoreException>(() => store.Write(t => t.SaveSwap(Swap() with { Id = Guid.NewGuid() })));
        store.Write(t => t.SaveSwap(Swap() with { Ended = _clock.UtcNow }));
        store.Write(t => t.SaveSwap(Swap() with { Id = Guid.NewGuid() }));
        Assert.Equal(2, store.GetSwaps(Vm).Count);
    }

    [Fact]
    public void A_pool_with_machines_is_not_removed()
    {
        using VmUpdateStore store = Open();
        store.Write(t => t.SavePool(new PoolRecord("P", "host", string.Empty, TimeSpan.Zero)));
        store.Write(t => t.SaveMachine(new MachineRecord(Vm, "PC", MachineRole.Pooled, "P")));
        Assert.Equal(StoreFailure.InUse, Assert.Throws<StoreException>(() => store.Write(t => t.RemovePool("host", "p"))).Failure);
        store.Write(t => t.SaveMachine(new MachineRecord(Vm, "PC", MachineRole.Personal, null)));
        store.Write(t => t.RemovePool("host", "p"));
        Assert.Empty(store.GetPools("host"));
    }

    [Theory]
    [InlineData(0)] // no database at all
    [InlineData(100)] // its first table's page
    [InlineData(8192)] // somewhere in the middle
    public void A_damaged_store_is_refused_and_left_as_it_is(int offset)
    {
        Open().Dispose();
        SqliteConnection.ClearAllPools();
        byte[] bytes = System.IO.File.ReadAllBytes(File);
        for (int i = 0; i < 400; i++)
        {
            bytes[offset + i] = 0xA5;
        }

        System.IO.File.WriteAllBytes(File, bytes);
        Assert.Equal(StoreFailure.Corrupt, Assert.Throws<StoreException>(Open).Failure);
        Assert.Equal(bytes, System.IO.File.ReadAllBytes(File));
    }

    [Fact]
    public void A_newer_store_is_refused_and_left_as_it_is()
    {
        Open().Dispose();
        Change("PRAGMA user_version = 99");
        byte[] bytes = System.IO.File.ReadAllBytes(File);
        StoreException failure = Assert.Throws<StoreException>(Open);
        Assert.Equal("StoreNewer", failure.Code);
        Assert.Equal(bytes, System.IO.File.ReadAllBytes(File));
    }

    [Fact]
    public void Somebody_elses_database_is_refused()
    {
        Directory.CreateDirectory(Folder);
        Restrict(Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Change("CREATE TABLE theirs (x)");
        Restrict(File, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.Equal(StoreFailure.Corrupt, Assert.Throws<StoreException>(Open).Failure);
    }

    [Fact]
    public void A_store_that_others_may_write_to_is_refused()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "File modes are Linux'.");
        Open().Dispose();
        Restrict(Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherWrite);
        Assert.Equal("StoreTooOpen", Assert.Throws<StoreException>(Open).Code);
        Restrict(Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Restrict(File, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupWrite);
        Assert.Equal("StoreTooOpen", Assert.Throws<StoreException>(Open).Code);
    }

    [Fact]
    public void A_store_whose_place_is_taken_is_refused()
    {
        System.IO.File.WriteAllText(Folder, "a file");
        Assert.Equal(StoreFailure.NotWritable, Assert.Throws<StoreException>(Open).Failure);
    }

    [Fact]
    public void A_new_store_is_its_owners_alone()
    {
        Open().Dispose();
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("File modes are Linux'.");
        }
        else
        {
            Assert.Equal(
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, System.IO.File.GetUnixFileMode(Folder));
        }
    }

    [Fact]
    public void A_file_that_a_dying_process_left_empty_becomes_a_store()
    {
        Open().Dispose();
        System.IO.File.WriteAllBytes(File, []);
        using VmUpdateStore store = Open();
        Assert.Empty(store.GetPools("host"));
    }

    [Fact]
    public void What_somebody_works_on_is_refused_with_who_it_is()
    {
        using VmUpdateStore store = Open();
        using VmUpdateStore other = Open();
        using (store.AcquireLease("pool P", "Update"))
        {
            StoreException failure = Assert.Throws<StoreException>(() => other.AcquireLease("POOL P", "Update"));
            Assert.Equal(StoreFailure.LeaseHeld, failure.Failure);
            using var process = System.Diagnostics.Process.GetCurrentProcess();
            Assert.Contains($"process {process.Id} (started {process.StartTime.ToUniversalTime():u}", failure.Message, StringComparison.Ordinal);
            other.AcquireLease("pool Q", "Update").Dispose();
        }

        other.AcquireLease("pool P", "Update").Dispose();
    }

    [Fact]
    public void Two_processes_write_in_turn()
    {
        using VmUpdateStore store = Open();
        using VmUpdateStore other = Open();
        Parallel.For(0, 40, i => (i % 2 == 0 ? store : other).Write(
            t => t.SavePool(new PoolRecord($"P{i}", "host", string.Empty, TimeSpan.Zero))));
        Assert.Equal(40, store.GetPools("host").Count);
    }

    private VmUpdateStore Open() => VmUpdateStore.Open(Folder, new StoreOptions { Files = new HostFileSystem(), Clock = _clock });

    private void Change(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={File};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static void Restrict(string path, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows())
        {
            System.IO.File.SetUnixFileMode(path, mode);
        }
    }

    private SwapRecord Swap() => new()
    {
        Id = new Guid("aaaaaaaa-0000-0000-0000-000000000001"),
        Vm = Vm,
        VmName = "PC-01",
        Pool = "P",
        Direction = SwapDirection.Update,
        Location = new DiskLocation(DiskController.Scsi, 1, 2),
        OldPath = "/old",
        OldParentPath = "/m1",
        NewPath = "/new",
        ParentPath = "/m2",
        ParentDataWriteGuid = new Guid("bbbbbbbb-0000-0000-0000-000000000001"),
        OldRevision = 1,
        NewRevision = 2,
        PowerFound = VmPowerState.Saved,
        Owner = "me",
        ProcessId = 42,
        Began = _clock.UtcNow,
        State = SwapState.VmStopped,
        UsersLoggedOff = ["anna", "ben"],
    };
}
