using VmUpdate.DiskFormats.Ntfs;
using Xunit;

namespace VmUpdate.DiskFormats.Tests.Ntfs;

public class RunListTests
{
    [Fact]
    public void Pairs_are_read_as_signed_distances_and_holes()
    {
        var runs = new RunList();
        runs.AppendPairs([0x21, 0x18, 0x34, 0x12, 0x01, 0x05, 0x11, 0x02, 0xF0, 0x00], 0x100000, 0);
        Assert.Equal(3, runs.Count);
        Assert.Equal((0L, 0x1234L, 0x18L), (runs[0].Vcn, runs[0].Lcn, runs[0].Length));
        Assert.True(runs[1].IsHole);
        Assert.Equal((0x1DL, 0x1224L, 2L), (runs[2].Vcn, runs[2].Lcn, runs[2].Length));
        Assert.Equal(0x1F, runs.Clusters);
    }

    [Theory]
    [InlineData(new byte[] { 0x11, 0x05 })] // cut off
    [InlineData(new byte[] { 0x11, 0x00, 0x05, 0 })] // no length
    [InlineData(new byte[] { 0x11, 0x80, 0x05, 0 })] // a negative length
    [InlineData(new byte[] { 0x11, 0x05, 0xF0, 0 })] // before the volume
    [InlineData(new byte[] { 0x11, 0x7F, 0x70, 0 })] // behind it
    [InlineData(new byte[] { 0x18, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0x01, 0 })]
    [InlineData(new byte[] { 0x91, 0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 })]
    public void Pairs_that_leave_the_volume_or_the_attribute_are_refused(byte[] pairs) =>
        Assert.Equal(DiskFormatDefect.OutOfBounds, Assert.Throws<DiskFormatException>(() => new RunList().AppendPairs(pairs, 200, 0)).Defect);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void What_is_written_is_read_back(int seed)
    {
        var random = new Random(seed);
        var runs = new RunList();
        for (int i = 0; i < 500; i++)
        {
            runs.Append(random.Next(5) == 0 ? Run.Hole : random.NextInt64(1L << random.Next(1, 40)), random.NextInt64(1, 1L << random.Next(1, 30)));
        }

        var read = new RunList();
        byte[] piece = new byte[100];
        for (int first = 0; first < runs.Count;)
        {
            int count = runs.WritePairs(first, piece, int.MaxValue, out int written);
            Assert.InRange(written, 1, piece.Length);
            read.AppendPairs(piece.AsSpan(0, written), 1L << 45, 0);
            first += count;
        }

        Assert.Equal(All(runs), All(read));
        byte[] whole = new byte[runs.PairsSize()];
        Assert.Equal(runs.Count, runs.WritePairs(0, whole, int.MaxValue, out int all));
        Assert.Equal(whole.Length, all);
    }

    [Fact]
    public void A_hole_is_filled_in_part_and_neighbours_are_joined()
    {
        var runs = new RunList();
        runs.Append(100, 10);
        runs.Append(Run.Hole, 20);
        runs.Append(200, 5);
        runs.FillHole(15, 300, 5);
        Assert.Equal([(0, 100, 10), (10, -1, 5), (15, 300, 5), (20, -1, 10), (30, 200, 5)], All(runs));
        runs.FillHole(10, 110, 5);
        Assert.Equal([(0, 100, 15), (15, 300, 5), (20, -1, 10), (30, 200, 5)], All(runs));
        runs.FillHole(20, 190, 10);
        Assert.Equal([(0, 100, 15), (15, 300, 5), (20, 190, 15)], All(runs));
        Assert.Equal(3, runs.Truncate(32).Sum(r => r.Length));
        Assert.Equal(32, runs.Clusters);
    }

    private static IEnumerable<(long Vcn, long Lcn, long Length)> All(RunList runs) =>
        Enumerable.Range(0, runs.Count).Select(i => (runs[i].Vcn, runs[i].Lcn, runs[i].Length));
}
