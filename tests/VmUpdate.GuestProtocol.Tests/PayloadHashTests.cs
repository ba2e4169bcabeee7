using System.Security.Cryptography;
using System.Text;
using Xunit;

namespace VmUpdate.GuestProtocol.Tests;

/// <summary>The hash that announces payloads: SHA-256, and our own.</summary>
public sealed class PayloadHashTests
{
    private const int Seed = 20261201;

    /// <summary>The examples that NIST publishes for FIPS 180-4, and the empty message.</summary>
    [Theory]
    [InlineData("", 1, "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855")]
    [InlineData("abc", 1, "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD")]
    [InlineData("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1, "248D6A61D20638B8E5C026930C3E6039A33CE45964FF2167F6ECEDD419DB06C1")]
    [InlineData("a", 1_000_000, "CDC76E5C9914FB9281A1C7E284D73E67F1809A48A497200E046D39CCC7112CD0")]
    public void What_NIST_hashed_has_the_hash_that_NIST_says(string text, int times, string expected) =>
        Assert.Equal(expected, PayloadAssembler.HashOf(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(text, times)))));

    [Fact]
    public void At_each_length_the_hash_is_the_platform_s()
    {
        var chance = new Random(Seed);
        int[] lengths = [.. Enumerable.Range(0, 301), .. Enumerable.Range(0, 20).Select(_ => chance.Next(301, ProtocolLimits.MaxPayloadLength)), ProtocolLimits.MaxPayloadLength];
        foreach (int length in lengths)
        {
            var bytes = new byte[length];
            chance.NextBytes(bytes);
            Assert.True(Convert.ToHexString(SHA256.HashData(bytes)) == PayloadAssembler.HashOf(bytes), $"{length} bytes, seed {Seed}");
        }
    }
}
