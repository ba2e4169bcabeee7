using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using Xunit;

namespace VmUpdate.Core.Tests.Images;

public sealed class BootDiskTests
{
    [Fact]
    public void The_only_disk_is_the_boot_disk_whatever_the_order_says() =>
        Assert.Equal("a", BootDisk.Find("vm", [Disk(0, "a", null)]).Path);

    [Fact]
    public void The_first_in_the_boot_order_is_it() =>
        Assert.Equal("b", BootDisk.Find("vm", [Disk(0, "a", 1), Disk(1, "b", 0), Disk(2, "c", null)]).Path);

    [Fact]
    public void Several_disks_without_an_order_are_refused() => Assert.Equal(
        SwapFailure.AmbiguousBootDisk,
        Assert.Throws<SwapException>(() => BootDisk.Find("vm", [Disk(0, "a", null), Disk(1, "b", null)])).Failure);

    [Fact]
    public void Two_first_ones_are_refused() => Assert.Equal(
        SwapFailure.AmbiguousBootDisk,
        Assert.Throws<SwapException>(() => BootDisk.Find("vm", [Disk(0, "a", 0), Disk(1, "b", 0)])).Failure);

    [Fact]
    public void A_machine_without_disks_is_refused() =>
        Assert.Equal(SwapFailure.NoBootDisk, Assert.Throws<SwapException>(() => BootDisk.Find("vm", [])).Failure);

    private static VmDisk Disk(int slot, string path, int? order) => new(new DiskLocation(DiskController.Scsi, 0, slot), path, order);
}
