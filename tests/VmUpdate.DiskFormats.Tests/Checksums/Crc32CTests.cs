using System.Text;
using VmUpdate.DiskFormats.Checksums;
using Xunit;

namespace VmUpdate.DiskFormats.Tests.Checksums;

public sealed class Crc32CTests
{
    [Fact]
    public void The_check_value_of_the_catalogue_comes_out()
    {
        byte[] check = Encoding.ASCII.GetBytes("123456789");
        Assert.Equal(0xE3069283u, Crc32C.Append(0, check));
        Assert.Equal(0xE3069283u, Crc32C.AppendByTable(0, check));
        Assert.Equal(0xCBF43926u, Crc32.Compute(check));
    }

    [Fact]
    public void Table_and_processor_agree_on_every_length_and_cut()
    {
        byte[] bytes = new byte[300];
        new Random(1).NextBytes(bytes);
        for (int length = 0; length < bytes.Length; length++)
        {
            uint expected = Crc32C.AppendByTable(0, bytes.AsSpan(0, length));
#if !NETSTANDARD_LIBRARIES
            Assert.Equal(expected, Crc32C.AppendByHardware(0, bytes.AsSpan(0, length)));
#endif
            int cut = length / 3;
            Assert.Equal(expected, Crc32C.Append(Crc32C.Append(0, bytes.AsSpan(0, cut)), bytes.AsSpan(cut, length - cut)));
        }
    }

    [Fact]
    public void The_field_itself_counts_as_zero()
    {
        byte[] bytes = [1, 2, 3, 4, 9, 9, 9, 9, 5];
        Assert.Equal(Crc32C.Append(0, [1, 2, 3, 4, 0, 0, 0, 0, 5]), Crc32C.ComputeWithFieldZero(bytes, 4));
    }
}
