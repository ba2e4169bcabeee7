using System.Security.Cryptography;
using VmUpdate.DiskFormats.Ntfs;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.DiskFormats.Tests.Ntfs;

public class NtfsFormatterTests
{
    private static readonly DateTime Now = new(2026, 3, 1, 12, 0, 0, DateTimeKind.Utc);

    public static TheoryData<long, int, int> Shapes => new()
    {
        { 8L << 20, 4096, 512 },
        { 24L << 20, 512, 512 },
        { 64L << 20, 4096, 512 },
        { 64L << 20, 4096, 4096 },
        { 128L << 20, 16384, 512 },
        { 256L << 20, 65536, 512 },
        { 256L << 20, 65536, 4096 },
        { (3L << 30) + 12288, 4096, 512 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void A_formatted_volume_opens_clean_and_empty(long size, int cluster, int sector)
    {
        var device = Format(size, cluster, sector);
        using var volume = NtfsVolume.Open(device, new NtfsOpenOptions());

        Assert.Equal(NtfsServiceState.Clean, volume.ServiceState);
        Assert.Equal("Lab disk", volume.Label);
        Assert.Equal(cluster, volume.ClusterSize);
        Assert.Empty(volume.Enumerate(GuestPath.Root));
        Assert.False(volume.HasSnapshots);
        Assert.InRange(volume.FreeBytes, size / 2, size);
        Assert.NotEmpty(volume.GetSecurityDescriptor(GuestPath.Root));
        Assert.NotNull(volume.Find(GuestPath.Parse("$Extend\\$ObjId")));
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    [Trait("Kind", "Judge")]
    public void The_judges_accept_a_formatted_volume(long size, int cluster, int sector)
    {
        Judge.Require("ntfsfix", "ntfsresize", "ntfsinfo");
        using var folder = new TempFolder();
        var device = Format(size, cluster, sector);
        string path = Path.Combine(folder.Path, "volume.raw");
        device.SaveTo(path);
        Judge.AcceptsVolume(path, device);
    }

    [Fact]
    public void The_tables_are_those_of_Windows_10()
    {
        byte[] upCase = System.Runtime.InteropServices.MemoryMarshal.AsBytes(UpCaseTable.Create().AsSpan()).ToArray();
        Assert.Equal("41c26bc7a12bdaeb26025c93118697c7e3ef81ee048b00fe5cce2a472e0e0742", Convert.ToHexStringLower(SHA256.HashData(upCase)));
        byte[] definitions = AttributeDefinitions.Create();
        Assert.Equal("d7de5b1b2f79f45f235ceb1adbc46908ed64eae174eb90ed66aefe5f25165da3", Convert.ToHexStringLower(SHA256.HashData(definitions)));
    }

    internal static SparseMemoryDevice Format(long size, int cluster = 4096, int sector = 512)
    {
        var device = new SparseMemoryDevice(size) { SectorSize = sector };
        NtfsFormatter.Format(
            device,
            new NtfsFormatOptions { Label = "Lab disk", ClusterSize = cluster, SectorSize = sector, SerialNumber = 0x1122334455667788, UtcNow = Now });
        return device;
    }
}
