using VmUpdate.DiskFormats.Ntfs;
using Xunit;

namespace VmUpdate.DiskFormats.Tests.Ntfs;

public class Lznt1Tests
{
    [Fact]
    public void Literals_and_overlapping_references_unpack()
    {
        // "abc", then 12 bytes from 3 back: the range overlaps what it writes.
        byte[] target = new byte[8192];
        Lznt1.Decompress([0x05, 0xB0, 0x08, (byte)'a', (byte)'b', (byte)'c', 0x09, 0x20, 0, 0], target, 0);
        Assert.Equal("abcabcabcabcabc", System.Text.Encoding.ASCII.GetString(target, 0, 15));
        Assert.All(target.Skip(15), b => Assert.Equal(0, b));
    }

    [Fact]
    public void A_stored_chunk_is_copied()
    {
        byte[] source = new byte[4098];
        source[0] = 0xFF;
        source[1] = 0x3F;
        source.AsSpan(2).Fill(7);
        byte[] target = new byte[8192];
        Lznt1.Decompress(source, target, 0);
        Assert.All(target.Take(4096), b => Assert.Equal(7, b));
        Assert.All(target.Skip(4096), b => Assert.Equal(0, b));
    }

    [Theory]
    [InlineData(new byte[] { 0x01, 0xB0, 0x01, 0x00, 0x00 })] // refers to nothing
    [InlineData(new byte[] { 0x05, 0xB0, 0x02, 0x61, 0x00, 0xF0, 0x00, 0x00 })] // farther back than the start
    [InlineData(new byte[] { 0xFF, 0xB0, 0x00, 0x61 })] // cut off
    public void What_leads_outside_is_refused(byte[] source) =>
        Assert.Equal(DiskFormatDefect.OutOfBounds, Assert.Throws<DiskFormatException>(() => Lznt1.Decompress(source, new byte[4096], 0)).Defect);

    [Theory]
    [InlineData(1)]
    public void Random_bytes_unpack_or_are_refused(int seed)
    {
        var random = new Random(seed);
        byte[] target = new byte[65536];
        for (int i = 0; i < 2000; i++)
        {
            byte[] source = new byte[random.Next(1, 600)];
            random.NextBytes(source);
            if (source.Length > 3)
            {
                source[0] = (byte)((source.Length - 3) & 0xFF);
                source[1] = (byte)(0xB0 | ((source.Length - 3) >> 8));
            }

            try
            {
                Lznt1.Decompress(source, target, 0);
            }
            catch (DiskFormatException)
            {
            }
        }
    }
}
