using System.Net;
using System.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Identity.Secrets;
using VmUpdate.Core.Tests.Identity.Support;
using VmUpdate.DiskFormats;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.Core.Tests.Identity.Exports;

/// <summary>The files of exported identities.</summary>
public sealed class ExportFileTests
{
    private const int FewRounds = 10; // what the rounds are for is not what is tested
    private const string Name = "pc7.vmid";
    private const string Passphrase = "correct horse battery";
    private static readonly Guid Vm = new("11111111-2222-3333-4444-555555555555");
    private readonly MemoryHostFolder _folder = new();

    [Theory]
    [InlineData(false, 1)]
    [InlineData(false, (2 << 20) + 9)]
    [InlineData(true, 700)]
    public void What_was_written_is_read_under_the_same_key(bool withCertificate, int size)
    {
        using X509Certificate2 certificate = Certificate();
        using ExportKey key = withCertificate ? ExportKey.FromCertificate(certificate) : ByPassphrase(Passphrase);
        Write(key, size);

        using IdentityBundle read = IdentityExport.Open(_folder, Name, key);

        Assert.Equal(("PC7", Vm, (long)size), (read.Manifest.VmName, read.Manifest.VmId, read.Payload.Length));
        byte[] bytes = new byte[size];
        read.Payload.Read(0, bytes);
        Assert.Equal(Payload(size), bytes);
        Assert.DoesNotContain(_folder.Files.Keys, name => name != Name);
    }

    [Fact]
    public void The_full_number_of_rounds_is_in_the_file()
    {
        using ExportKey key = ExportKey.FromPassphrase(Secure(Passphrase));
        Write(key, 10);

        Assert.Equal(600_000, BitConverter.ToInt32(_folder.Files[Name], 16));
        IdentityExport.Open(_folder, Name, key).Dispose();
    }

    [Theory] // RFC 7914, section 11
    [InlineData("passwd", "salt", 1, "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc")]
    [InlineData("Password", "NaCl", 80000, "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56")]
    public void The_derivation_is_PBKDF2(string password, string salt, int rounds, string expected)
    {
        using SecretBuffer secret = SecretBuffer.CopyOf(Encoding.ASCII.GetBytes(password));
        using SecretBuffer derived = Pbkdf2.Derive(secret, Encoding.ASCII.GetBytes(salt), rounds);
        Assert.Equal(expected, Convert.ToHexStringLower(derived.Span));
    }

    [Fact]
    public void Nothing_of_it_is_in_clear_and_two_exports_differ()
    {
        using ExportKey key = ByPassphrase(Passphrase);
        Write(key, 500);
        byte[] first = _folder.Files[Name];
        var search = new SecretSearch();
        search.Add("payload", Payload(500).AsSpan(100, 40));
        search.Add("passphrase", Encoding.Unicode.GetBytes(Passphrase));
        search.Add("passphrase", Encoding.UTF8.GetBytes(Passphrase));
        Assert.Empty(search.Find(first));
        Assert.Equal(-1, first.AsSpan().IndexOf("PC7"u8));

        _folder.Files.Clear();
        Write(key, 500);
        Assert.NotEqual(first[200..], _folder.Files[Name][200..]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_changed_byte_is_noticed(bool withCertificate)
    {
        using X509Certificate2 certificate = Certificate();
        using ExportKey key = withCertificate ? ExportKey.FromCertificate(certificate) : ByPassphrase(Passphrase);
        Write(key, 300);
        byte[] sound = _folder.Files[Name];
        var codes = new HashSet<string>();
        for (int at = 0; at < sound.Length; at += 3)
        {
            byte[] changed = (byte[])sound.Clone();
            changed[at] ^= 0x04; // of a round number: a few more rounds, not billions
            _folder.Files[Name] = changed;
            codes.Add(Assert.Throws<IdentityException>(() => ReadAll(key)).Code);
        }

        Assert.All(codes, code => Assert.Contains(code, new[] { "IdentityBundleDamaged", "IdentityBundleWrongKey", "IdentityBundleNewerVersion" }));
        foreach (int length in new[] { 0, 50, 100, 250, sound.Length - 1 })
        {
            _folder.Files[Name] = sound[..length];
            Assert.Equal("IdentityBundleDamaged", Assert.Throws<IdentityException>(() => ReadAll(key)).Code);
        }
    }

    [Theory]
    [InlineData(8)]
    [InlineData(76 + 8)]
    public void An_export_of_a_newer_version_says_so(int versionAt)
    {
        using ExportKey key = ByPassphrase(Passphrase);
        Write(key, 10);
        _folder.Files[Name][versionAt] = 9;

        Assert.Equal("IdentityBundleNewerVersion", Assert.Throws<IdentityException>(() => IdentityExport.Open(_folder, Name, key)).Code);
    }

    [Fact]
    public void Rounds_without_end_are_refused()
    {
        using ExportKey key = ByPassphrase(Passphrase);
        Write(key, 10);
        BitConverter.GetBytes(int.MaxValue).CopyTo(_folder.Files[Name], 16);

        Assert.Equal("IdentityBundleDamaged", Assert.Throws<IdentityException>(() => IdentityExport.Open(_folder, Name, key)).Code);
    }

    [Fact]
    public void A_bundle_of_a_store_and_what_is_none_are_told_apart()
    {
        using ExportKey key = ByPassphrase(Passphrase);
        using IdentityBundle bundle = Bundle(10);
        string id = new FolderIdentityStore(_folder, Guid.NewGuid, new OwnerOnlyKeyProtector()).Save(bundle);
        _folder.Files["other"] = new byte[1000];

        var ofStore = Assert.Throws<IdentityException>(() => IdentityExport.Open(_folder, id + ".vmidentity", key));
        Assert.Equal("IdentityBundleWrongKey", ofStore.Code);
        Assert.Contains("identity store", ofStore.Message, StringComparison.Ordinal);
        Assert.Equal("IdentityBundleDamaged", Assert.Throws<IdentityException>(() => IdentityExport.Open(_folder, "other", key)).Code);
    }

    [Fact]
    public void Another_key_than_the_one_it_was_sealed_under_is_a_wrong_key()
    {
        using X509Certificate2 certificate = Certificate();
        using X509Certificate2 other = Certificate();
        using X509Certificate2 withoutKey = X509CertificateLoader.LoadCertificate(certificate.RawData);
        using ExportKey passphrase = ByPassphrase(Passphrase);
        using ExportKey wrong = ByPassphrase(Passphrase + "!");
        using ExportKey mine = ExportKey.FromCertificate(certificate);
        using ExportKey theirs = ExportKey.FromCertificate(other);
        using ExportKey publicOnly = ExportKey.FromCertificate(withoutKey);
        using ExportKey installed = ExportKey.FromInstalledCertificate();

        Write(passphrase, 10);
        Assert.Contains("passphrase", WrongKey(wrong), StringComparison.Ordinal);
        Assert.Contains("passphrase", WrongKey(mine), StringComparison.Ordinal);

        _folder.Files.Clear();
        Write(publicOnly, 10); // the private key need not be where it is sealed
        IdentityExport.Open(_folder, Name, mine).Dispose();
        Assert.Contains(certificate.Thumbprint, WrongKey(theirs), StringComparison.Ordinal);
        Assert.Contains("private key", WrongKey(publicOnly), StringComparison.Ordinal);
        Assert.Contains("not installed", WrongKey(installed), StringComparison.Ordinal);
        Assert.Contains("certificate", WrongKey(passphrase), StringComparison.Ordinal);

        string WrongKey(ExportKey key)
        {
            var failure = Assert.Throws<IdentityException>(() => IdentityExport.Open(_folder, Name, key));
            Assert.Equal("IdentityBundleWrongKey", failure.Code);
            return failure.Message;
        }
    }

    [Fact]
    public void A_short_passphrase_and_a_certificate_that_cannot_encrypt_are_refused()
    {
        Assert.Equal("IdentityPassphraseTooShort", Assert.Throws<IdentityException>(() => ExportKey.FromPassphrase(Secure("eleven char"))).Code);
        using var curve = ECDsa.Create();
        using X509Certificate2 signing = Certificate(usage: X509KeyUsageFlags.DigitalSignature);
        using X509Certificate2 weak = Certificate(bits: 1024);
        using X509Certificate2 noRsa = new CertificateRequest("CN=curve", curve, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(99));
        foreach (X509Certificate2 certificate in new[] { signing, weak, noRsa })
        {
            using ExportKey key = ExportKey.FromCertificate(certificate);
            var failure = Assert.Throws<IdentityException>(() => Write(key, 10));
            Assert.Equal("IdentityCertificateUnusable", failure.Code);
            Assert.Contains(certificate.Thumbprint, failure.Message, StringComparison.Ordinal);
        }

        Assert.Empty(_folder.Files);
    }

    [Fact]
    public void A_file_that_is_there_is_never_replaced()
    {
        using ExportKey key = ByPassphrase(Passphrase);
        _folder.Files[Name] = [1, 2, 3];

        Assert.Equal(HostFileFailure.AlreadyExists, Assert.Throws<HostFileException>(() => Write(key, 10)).Failure);
        Assert.Equal([1, 2, 3], _folder.Files[Name]);
    }

    internal static X509Certificate2 Certificate(int bits = 2048, X509KeyUsageFlags? usage = X509KeyUsageFlags.KeyEncipherment)
    {
        using var rsa = RSA.Create(bits);
        var request = new CertificateRequest("CN=Recovery", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        if (usage is { } flags)
        {
            request.CertificateExtensions.Add(new X509KeyUsageExtension(flags, critical: true));
        }

        return request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(99));
    }

    internal static SecureString Secure(string text) => new NetworkCredential(string.Empty, text).SecurePassword;

    internal static ExportKey ByPassphrase(string text) => new PassphraseKey(Secure(text), FewRounds);

    private static byte[] Payload(int size) => [.. Enumerable.Range(0, size).Select(part => (byte)((part * 31 % 253) & 0xFF))];

    private static IdentityBundle Bundle(int size)
    {
        var live = new LivePayload();
        live.Add(Payload(size));
        return new IdentityBundle(
            new IdentityManifest { BundleId = Guid.NewGuid(), VmId = Vm, VmName = "PC7", HashKey = new byte[IdentityHash.KeySize] }, live);
    }

    private void Write(ExportKey key, int size)
    {
        using IdentityBundle bundle = Bundle(size);
        IdentityExport.Write(_folder, Name, bundle, key);
    }

    private void ReadAll(ExportKey key)
    {
        using IdentityBundle bundle = IdentityExport.Open(_folder, Name, key);
        bundle.Payload.Read(0, new byte[bundle.Payload.Length]);
    }
}
