using System.Buffers.Binary;
using System.Text;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Identity.Secrets;
using Xunit;

namespace VmUpdate.Core.Tests.Identity.Secrets;

public sealed class LsaSecretRecordTests
{
    private const string Place = "SECURITY, Policy\\Secrets\\X\\CurrVal";

    private static byte[] Record => Convert.FromHexString(Vectors.LsaRecord);

    [Fact]
    public void A_record_of_another_program_opens()
    {
        using SecretBuffer key = SecretBuffer.Take(Convert.FromHexString(Vectors.LsaKey));
        LsaSecretRecord record = LsaSecretRecord.Read(Record, "disk", Place);

        using SecretBuffer? secret = record.Open(key);

        Assert.Equal(new Guid(Vectors.LsaKeyId), record.KeyId);
        Assert.Equal(Vectors.LsaSecret, Encoding.ASCII.GetString(secret!.Span));
    }

    [Fact]
    public void A_wrong_key_opens_nothing()
    {
        using SecretBuffer key = SecretBuffer.Take(Convert.FromHexString(Vectors.LsaKey));
        key.Span[7] ^= 1;

        Assert.Null(LsaSecretRecord.Read(Record, "disk", Place).Open(key));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(240)]
    [InlineData(LsaSecretRecord.MaxSecretLength)]
    public void What_is_sealed_again_opens_under_the_other_key_only(int length)
    {
        byte[] plain = new byte[length];
        new Random(length).NextBytes(plain);
        using SecretBuffer secret = SecretBuffer.CopyOf(plain);
        using SecretBuffer oldKey = SecretBuffer.Take(Convert.FromHexString(Vectors.LsaKey));
        using SecretBuffer newKey = SecretBuffer.CopyOf(Enumerable.Range(100, 32).Select(part => (byte)part).ToArray());
        var newId = new Guid("11223344-5566-7788-99aa-bbccddeeff00");
        byte[] flagged = Record;
        flagged[24] = 0x5A;

        byte[] sealedAgain = LsaSecretRecord.Read(flagged, "disk", Place).SealAgain(secret, newKey, newId, Salt);
        LsaSecretRecord read = LsaSecretRecord.Read(sealedAgain, "disk", Place);

        using SecretBuffer? opened = read.Open(newKey);
        Assert.True(opened!.Span.SequenceEqual(plain));
        Assert.Equal(newId, read.KeyId);
        Assert.Equal(flagged.AsSpan(0, 4), sealedAgain.AsSpan(0, 4));
        Assert.Equal(flagged.AsSpan(20, 8), sealedAgain.AsSpan(20, 8));
        Assert.Equal(Enumerable.Repeat((byte)0xA5, 32), sealedAgain.Skip(28).Take(32));
        Assert.Equal(0, (sealedAgain.Length - LsaSecretRecord.HeaderSize) % 16);
        using SecretBuffer? withOld = read.Open(oldKey);
        Assert.False(withOld is not null && length > 0 && withOld.Span.SequenceEqual(plain));
    }

    [Fact]
    public void Each_sealing_has_a_salt_of_its_own()
    {
        using SecretBuffer secret = SecretBuffer.CopyOf("the same secret"u8);
        using SecretBuffer key = SecretBuffer.Take(Convert.FromHexString(Vectors.LsaKey));
        LsaSecretRecord record = LsaSecretRecord.Read(Record, "disk", Place);

        Assert.NotEqual(
            record.SealAgain(secret, key, Guid.Empty, SystemSalt.Fill), record.SealAgain(secret, key, Guid.Empty, SystemSalt.Fill));
    }

    [Theory]
    [InlineData(0, 0x02000000u)]
    [InlineData(0, 1u)]
    [InlineData(20, 1u)]
    [InlineData(20, 4u)]
    public void Another_version_or_algorithm_is_refused_by_its_number(int offset, uint value)
    {
        byte[] record = Record;
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(offset), value);

        var failure = Assert.Throws<IdentityException>(() => LsaSecretRecord.Read(record, "disk", Place));

        Assert.Equal(IdentityFailure.SecretFormUnsupported, failure.Failure);
        Assert.Contains(Place, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Records_of_every_wrong_length_are_refused()
    {
        byte[] record = Record;
        for (int length = 0; length < record.Length; length++)
        {
            byte[] cut = record.AsSpan(0, length).ToArray();
            if ((length - LsaSecretRecord.HeaderSize) % 16 != 0 || length <= LsaSecretRecord.HeaderSize)
            {
                Assert.Equal(
                    IdentityFailure.SecretFormUnsupported,
                    Assert.Throws<IdentityException>(() => LsaSecretRecord.Read(cut, "disk", Place)).Failure);
            }
        }

        Assert.Throws<IdentityException>(() => LsaSecretRecord.Read(new byte[1 << 20], "disk", Place));
    }

    [Fact]
    public void A_damaged_record_opens_to_nothing_or_to_other_bytes_and_never_fails_otherwise()
    {
        using SecretBuffer key = SecretBuffer.Take(Convert.FromHexString(Vectors.LsaKey));
        for (int at = 0; at < Record.Length; at++)
        {
            byte[] record = Record;
            record[at] ^= 0x10;
            try
            {
                using SecretBuffer? secret = LsaSecretRecord.Read(record, "disk", Place).Open(key);
            }
            catch (IdentityException failure)
            {
                Assert.Equal(IdentityFailure.SecretFormUnsupported, failure.Failure);
            }
        }
    }

    private static void Salt(Span<byte> buffer) => buffer.Fill(0xA5);
}
