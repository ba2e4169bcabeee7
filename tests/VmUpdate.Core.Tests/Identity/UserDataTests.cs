using VmUpdate.Core.Identity;
using VmUpdate.Core.Tests.Identity.Support;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Ntfs;
using VmUpdate.Simulation.Disks;
using Xunit;

namespace VmUpdate.Core.Tests.Identity;

public sealed class UserDataTests
{
    private const string Todo = @"Users\anna\Desktop\todo.txt";

    [Theory]
    [InlineData(UserDataMode.Never, true, false)]
    [InlineData(UserDataMode.WhenForcedOff, false, false)]
    [InlineData(UserDataMode.WhenForcedOff, true, true)]
    [InlineData(UserDataMode.Always, false, true)]
    public void User_data_is_carried_when_it_was_asked_for(UserDataMode mode, bool forcedOff, bool carried)
    {
        WindowsDiskBuilder old = new WindowsDiskBuilder("PC7").File(Todo, "buy milk");
        using SwapOfIdentity swap = SwapOfIdentity.Run(
            old, new WindowsDiskBuilder("MASTER"), SwapOfIdentity.With(mode, forcedOff: forcedOff));

        Assert.Equal(carried ? "buy milk" : null, swap.File(Todo));
        Assert.Equal(carried ? SetOutcome.Carried : SetOutcome.NotCarried, swap.Decision("user-data").Outcome);
        Assert.Equal(carried ? 8 : 0, swap.Decision("user-data").Bytes);
    }

    [Fact]
    public void Files_keep_streams_times_attributes_and_descriptors_and_their_folders_are_made_as_they_were()
    {
        byte[] security = Descriptors.OwnedBy(Descriptors.System);
        var day = new DateTime(2020, 5, 6, 7, 8, 9, DateTimeKind.Utc);
        var times = new NtfsTimes(day, day.AddDays(1), day.AddDays(2), day.AddDays(3));
        WindowsDiskBuilder old = new WindowsDiskBuilder("PC7")
            .Folder(@"Users\anna", security)
            .File(@"Users\anna\Desktop\todo.txt", "buy milk", security)
            .Stream(Todo, "Zone.Identifier", "[ZoneTransfer]")
            .Folder(@"Users\anna\Desktop\empty")
            .File(@"Users\anna\Documents\big.bin", new string('x', 3_000_000))
            .File(@"Users\anna\Documents\none.txt", string.Empty)
            .Volume(volume =>
            {
                volume.SetBasicInfo(GuestPath.Parse(Todo), times, FileAttributes.Hidden | FileAttributes.ReadOnly);
                volume.SetBasicInfo(GuestPath.Parse(@"Users\anna"), times, null);
            });
        using SwapOfIdentity swap = SwapOfIdentity.Run(
            old, new WindowsDiskBuilder("MASTER"), SwapOfIdentity.With(UserDataMode.Always, limit: 4_000_000));

        NtfsEntry file = swap.Result.Volume.Find(GuestPath.Parse(Todo))!;
        Assert.Equal(times, file.Times);
        Assert.Equal(FileAttributes.Hidden | FileAttributes.ReadOnly, file.Attributes & (FileAttributes.Hidden | FileAttributes.ReadOnly));
        Assert.Equal(security, swap.Result.Volume.GetSecurityDescriptor(file.Path));
        Assert.Equal("[ZoneTransfer]", swap.File(Todo, "Zone.Identifier"));
        Assert.Equal(security, swap.Result.Volume.GetSecurityDescriptor(GuestPath.Parse(@"Users\anna")));
        Assert.Equal(times, swap.Result.Volume.Find(GuestPath.Parse(@"Users\anna"))!.Times);
        Assert.True(swap.Result.Volume.Find(GuestPath.Parse(@"Users\anna\Desktop\empty"))!.IsDirectory);
        Assert.Equal(3_000_000, swap.File(@"Users\anna\Documents\big.bin")!.Length);
        Assert.Equal(string.Empty, swap.File(@"Users\anna\Documents\none.txt"));
    }

    [Fact]
    public void The_old_disks_file_replaces_the_masters_and_what_only_the_master_has_stays()
    {
        WindowsDiskBuilder old = new WindowsDiskBuilder("PC7").File(Todo, "ours");
        WindowsDiskBuilder master = new WindowsDiskBuilder("MASTER")
            .File(@"Users\Anna\Desktop\TODO.txt", "theirs, and longer").Stream(@"Users\Anna\Desktop\TODO.txt", "s", "theirs")
            .File(@"Users\Anna\Desktop\welcome.txt", "stays");
        using SwapOfIdentity swap = SwapOfIdentity.Run(old, master, SwapOfIdentity.With(UserDataMode.Always));

        Assert.Equal("ours", swap.File(Todo));
        Assert.Single(swap.Result.Volume.GetStreams(GuestPath.Parse(Todo)));
        Assert.Equal("stays", swap.File(@"Users\anna\Desktop\welcome.txt"));
        Assert.Single(swap.Result.Volume.Enumerate(GuestPath.Parse("Users")));
    }

    [Fact]
    public void Shared_profiles_and_registry_hives_of_users_are_no_user_data()
    {
        WindowsDiskBuilder old = new WindowsDiskBuilder("PC7")
            .File(@"Users\Public\Documents\a.txt", "x").File(@"Users\Default\Desktop\a.txt", "x").File(@"Users\anna\NTUSER.DAT", "x");
        using SwapOfIdentity swap = SwapOfIdentity.Run(
            old, new WindowsDiskBuilder("MASTER"), SwapOfIdentity.With(UserDataMode.Always, [@"Users\**"]));

        Assert.Null(swap.File(@"Users\Public\Documents\a.txt"));
        Assert.Null(swap.File(@"Users\Default\Desktop\a.txt"));
        Assert.Null(swap.File(@"Users\anna\NTUSER.DAT"));
    }

    [Fact]
    public void A_pattern_of_the_administrators_takes_the_place_of_the_shipped_ones()
    {
        WindowsDiskBuilder old = new WindowsDiskBuilder("PC7").File(Todo, "x").File(@"Work\anna\plan.txt", "plan");
        using SwapOfIdentity swap = SwapOfIdentity.Run(
            old, new WindowsDiskBuilder("MASTER"), SwapOfIdentity.With(UserDataMode.Always, [@"Work\**"]));

        Assert.Equal("plan", swap.File(@"Work\anna\plan.txt"));
        Assert.Null(swap.File(Todo));
    }

    [Theory]
    [InlineData(@"..\..\x")]
    [InlineData(@"C:\Users\**")]
    [InlineData("**")]
    public void A_pattern_that_leaves_the_volume_or_means_all_of_it_is_refused(string pattern)
    {
        var failure = Assert.Throws<IdentityException>(() => SwapOfIdentity.PlanOf(
            new WindowsDiskBuilder("PC7"), new WindowsDiskBuilder("MASTER"), SwapOfIdentity.With(UserDataMode.Always, [pattern])));

        Assert.Equal(IdentityFailure.CatalogueInvalid, failure.Failure);
        Assert.Equal(pattern, failure.Subject);
    }

    [Fact]
    public void More_user_data_than_the_limit_refuses_the_swap_rather_than_lose_it()
    {
        WindowsDiskBuilder old = new WindowsDiskBuilder("PC7").File(Todo, "12345");

        var failure = Assert.Throws<IdentityException>(
            () => SwapOfIdentity.PlanOf(old, new WindowsDiskBuilder("MASTER"), SwapOfIdentity.With(UserDataMode.Always, limit: 4)));

        Assert.Equal("IdentityUserDataTooLarge", failure.Code);
        Assert.Contains("5 bytes", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void More_than_the_new_volume_has_room_for_refuses_the_swap()
    {
        WindowsDiskBuilder old = new WindowsDiskBuilder("PC7") { Size = 64 << 20 }.File(Todo, new string('x', 30 << 20));

        var failure = Assert.Throws<IdentityException>(
            () => SwapOfIdentity.PlanOf(old, new WindowsDiskBuilder("MASTER"), SwapOfIdentity.With(UserDataMode.Always, limit: long.MaxValue)));

        Assert.Equal(IdentityFailure.NoRoomOnVolume, failure.Failure);
    }

    [Fact]
    public void A_folder_where_a_file_is_to_be_is_a_clash()
    {
        WindowsDiskBuilder old = new WindowsDiskBuilder("PC7").File(Todo, "x");
        WindowsDiskBuilder master = new WindowsDiskBuilder("MASTER").Folder(Todo);

        var failure = Assert.Throws<IdentityException>(() => SwapOfIdentity.Run(old, master, SwapOfIdentity.With(UserDataMode.Always)));

        Assert.Equal(IdentityFailure.NameClash, failure.Failure);
    }
}
