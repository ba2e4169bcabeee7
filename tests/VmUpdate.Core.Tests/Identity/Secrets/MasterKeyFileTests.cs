using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Identity.Secrets;
using Xunit;

namespace VmUpdate.Core.Tests.Identity.Secrets;

public sealed class MasterKeyFileTests
{
    public static TheoryData<string, string, string, string> Files => new()
    {
        { Vectors.Sha512File, Vectors.Sha512KeyId, Vectors.Sha512KeySha256, nameof(DpapiSystemPart.Machine) },
        { Vectors.TripleDesFile, Vectors.TripleDesKeyId, Vectors.TripleDesKeySha256, nameof(DpapiSystemPart.User) },
    };

    [Theory]
    [MemberData(nameof(Files))]
    public void A_file_of_another_program_opens_and_says_under_which_half(string file, string id, string sha256, string part)
    {
        using DpapiSystem system = ReadSystem();
        MasterKeyFile read = Read(Convert.FromHexString(file), id);

        foreach (DpapiSystemPart likely in Enum.GetValues<DpapiSystemPart>())
        {
            (SecretBuffer key, DpapiSystemPart found) = read.Open(system, likely);
            using (key)
            {
                Assert.Equal(sha256, Sha256(key.Span));
                Assert.Equal(part, found.ToString());
            }
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Sealed_again_it_opens_under_the_other_secret_and_no_longer_under_its_own(string file, string id, string sha256, string part)
    {
        byte[] before = Convert.FromHexString(file);
        using DpapiSystem system = ReadSystem();
        using DpapiSystem other = ReadSystem(flip: 0xFF);

        byte[] after = Read(before, id).SealAgain(system, other, DpapiSystemPart.Machine, SystemSalt.Fill);

        Assert.Equal(before.Length, after.Length);
        Assert.Equal(before.AsSpan(0, 128), after.AsSpan(0, 128));
        Assert.Equal(before.AsSpan(before.Length - 20), after.AsSpan(after.Length - 20));
        (SecretBuffer key, DpapiSystemPart found) = Read(after, id).Open(other, DpapiSystemPart.Machine);
        using (key)
        {
            Assert.Equal(sha256, Sha256(key.Span));
            Assert.Equal(part, found.ToString());
        }

        var failure = Assert.Throws<IdentityException>(() => Read(after, id).Open(system, DpapiSystemPart.Machine));
        Assert.Equal(IdentityFailure.MasterKeyUnreadable, failure.Failure);
    }

    [Theory]
    [InlineData(Vectors.Sha512File, Vectors.Sha512KeyId, Vectors.Sha512BackupSha256, true)]
    [InlineData(Vectors.TripleDesFile, Vectors.TripleDesKeyId, Vectors.TripleDesBackupSha256, false)]
    public void The_backup_key_in_the_file_is_sealed_again_too(string file, string id, string sha256, bool isOfMachine)
    {
        DpapiSystemPart part = isOfMachine ? DpapiSystemPart.Machine : DpapiSystemPart.User;
        byte[] before = Convert.FromHexString(file);
        using DpapiSystem system = ReadSystem();
        using DpapiSystem other = ReadSystem(flip: 0xFF);

        byte[] after = Read(before, id).SealAgain(system, other, part, SystemSalt.Fill);

        int at = 128 + (int)BinaryPrimitives.ReadUInt64LittleEndian(after.AsSpan(96));
        byte[] section = after.AsSpan(at, (int)BinaryPrimitives.ReadUInt64LittleEndian(after.AsSpan(104))).ToArray();
        using SecretBuffer? backup = MasterKeySection.Read(section, "disk", "backup").Open(other.Key(part));
        Assert.Equal(sha256, Sha256(backup!.Span));
    }

    [Fact]
    public void A_backup_key_under_something_else_stays_as_it_lies()
    {
        byte[] before = Convert.FromHexString(Vectors.Sha512File);
        int at = 128 + (int)BinaryPrimitives.ReadUInt64LittleEndian(before.AsSpan(96));
        before[at + 40] ^= 1;
        using DpapiSystem system = ReadSystem();
        using DpapiSystem other = ReadSystem(flip: 0xFF);

        byte[] after = Read(before, Vectors.Sha512KeyId).SealAgain(system, other, DpapiSystemPart.Machine, SystemSalt.Fill);

        Assert.Equal(before.AsSpan(at), after.AsSpan(at));
        Assert.NotEqual(before.AsSpan(128, at - 128).ToArray(), after.AsSpan(128, at - 128).ToArray());
    }

    [Theory]
    [InlineData(0, 1u, IdentityFailure.SecretFormUnsupported)] // the file's version
    [InlineData(12, 0x00410041u, IdentityFailure.MasterKeyUnreadable)] // its id
    [InlineData(96, 0x7FFFFFFFu, IdentityFailure.MasterKeyUnreadable)] // a section's length
    [InlineData(100, 0xFFFFFFFFu, IdentityFailure.MasterKeyUnreadable)]
    [InlineData(120, 0x00001000u, IdentityFailure.MasterKeyUnreadable)]
    [InlineData(128, 3u, IdentityFailure.SecretFormUnsupported)] // the section's version
    [InlineData(148, 0xFFFFFFFFu, IdentityFailure.MasterKeyUnreadable)] // rounds
    [InlineData(148, 0u, IdentityFailure.MasterKeyUnreadable)]
    [InlineData(152, 0x8003u, IdentityFailure.SecretFormUnsupported)] // MD5
    [InlineData(156, 0x6801u, IdentityFailure.SecretFormUnsupported)] // RC4
    public void A_file_that_DPAPI_does_not_write_is_refused(int offset, uint value, IdentityFailure expected)
    {
        byte[] file = Convert.FromHexString(Vectors.Sha512File);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(offset), value);
        using DpapiSystem system = ReadSystem();

        var failure = Assert.Throws<IdentityException>(() => Read(file, Vectors.Sha512KeyId).Open(system, DpapiSystemPart.Machine));

        Assert.Equal(expected, failure.Failure);
        Assert.Contains(Vectors.Sha512KeyId, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_cut_off_anywhere_and_with_any_bit_flipped_fail_in_no_other_way()
    {
        byte[] file = Convert.FromHexString(Vectors.Sha512File);
        using DpapiSystem system = ReadSystem();
        for (int at = 0; at < file.Length; at++)
        {
            byte[] flipped = [.. file];
            flipped[at] ^= 0x20;

            // A greater number of rounds is only slow: the limit is tested above.
            foreach (byte[] bad in at is >= 148 and < 152 ? [file.AsSpan(0, at).ToArray()] : new[] { file.AsSpan(0, at).ToArray(), flipped })
            {
                try
                {
                    Read(bad, Vectors.Sha512KeyId).Open(system, DpapiSystemPart.Machine).Key.Dispose();
                }
                catch (IdentityException)
                {
                }
            }
        }
    }

    [Fact]
    public void A_file_whose_name_is_not_its_id_is_refused()
    {
        var failure = Assert.Throws<IdentityException>(() => Read(Convert.FromHexString(Vectors.Sha512File), Vectors.TripleDesKeyId));

        Assert.Equal(IdentityFailure.MasterKeyUnreadable, failure.Failure);
    }

    [Fact]
    public void Blobs_are_found_wherever_they_lie_and_name_their_master_key()
    {
        var provider = new Guid("df9d8cd0-1501-11d1-8c7a-00c04fc297eb");
        var first = new Guid("01c3883e-8cb8-eead-f75c-ffff739b69dd");
        var second = new Guid("d216fc46-1e30-c025-73f8-d61827a796f1");
        byte[] bytes =
        [
            .. Encoding.ASCII.GetBytes("a container"), 1, 0, 0, 0, .. provider.ToByteArray(), 1, 0, 0, 0, .. first.ToByteArray(), 9, 9, 9,
            1, 0, 0, 0, .. provider.ToByteArray(), 1, 0, 0, 0, .. second.ToByteArray(), .. provider.ToByteArray(), 1, 0,
        ];

        Assert.Equal([first, second], DpapiBlobs.FindMasterKeyIds(bytes));
        Assert.Empty(DpapiBlobs.FindMasterKeyIds([]));
    }

    private static MasterKeyFile Read(byte[] file, string id) =>
        MasterKeyFile.Read(file, "disk", $"Windows\\System32\\Microsoft\\Protect\\S-1-5-18\\{id}");

    private static DpapiSystem ReadSystem(byte flip = 0)
    {
        using SecretBuffer secret = SecretBuffer.Take(Convert.FromHexString(Vectors.DpapiSystem));
        foreach (ref byte part in secret.Span.Slice(sizeof(uint)))
        {
            part ^= flip;
        }

        return DpapiSystem.Parse(secret, "disk");
    }

    private static string Sha256(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
