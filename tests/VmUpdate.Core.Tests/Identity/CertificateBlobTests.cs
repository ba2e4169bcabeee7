using VmUpdate.Core.Identity;
using VmUpdate.Core.Tests.Identity.Support;
using VmUpdate.DiskFormats.Registry;
using VmUpdate.Simulation.Disks;
using Xunit;

namespace VmUpdate.Core.Tests.Identity;

public sealed class CertificateBlobTests
{
    private const string Store = @"Microsoft\SystemCertificates\MY\Certificates\";

    [Fact]
    public void A_certificate_says_who_issued_it_and_whether_it_authenticates_the_machine()
    {
        using CertificateBlob certificate = Read(CatalogueCase.Blob("CN=Contoso CA", isOld: true))!;

        Assert.Equal(("CN=Contoso CA", "CN=pc7", true), (certificate.Issuer, certificate.Subject, certificate.HasKey));
        Assert.True(certificate.AuthenticatesClient(WindowsDiskBuilder.Now));
        Assert.False(certificate.AuthenticatesClient(new DateTime(2036, 1, 1, 0, 0, 0, DateTimeKind.Utc)));
        Assert.False(certificate.AuthenticatesClient(new DateTime(2024, 1, 1, 0, 0, 0, DateTimeKind.Utc)));
    }

    [Fact]
    public void One_without_a_private_key_authenticates_nobody()
    {
        byte[] blob = CatalogueCase.Blob("CN=Contoso CA", isOld: true);
        blob = blob[(12 + BitConverter.ToInt32(blob, 8))..]; // without the first property, which names the key

        using CertificateBlob certificate = Read(blob)!;

        Assert.False(certificate.AuthenticatesClient(WindowsDiskBuilder.Now));
    }

    [Fact]
    public void Whatever_the_bytes_are_the_answer_is_a_certificate_or_none()
    {
        byte[] blob = CatalogueCase.Blob("CN=Contoso CA", isOld: true);
        int seed = 20260102;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using GuestDisk disk = SwapOfIdentity.Open(new WindowsDiskBuilder("PC7").Build(), "disk", writable: true);
        RegistryKey key = disk.OpenHive(HiveName.Software).Create(Store + "9C5C");
        for (int round = 0; round < 300; round++)
        {
            byte[] bad = blob[..random.Next(blob.Length + 1)];
            for (int change = random.Next(4); change > 0 && bad.Length > 0; change--)
            {
                bad[random.Next(bad.Length)] = (byte)random.Next(256);
            }

            key.SetValue("Blob", WindowsDiskBuilder.Binary, bad);
            CertificateBlob.Read(key)?.Dispose();
        }
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void The_plan_warns_of_a_certificate_that_the_machine_authenticates_itself_with_and_that_stays_behind(bool isPast, bool isWarned)
    {
        WindowsDiskBuilder old = new WindowsDiskBuilder("PC7")
            .Value("SOFTWARE", Store + "9C5C", "Blob", WindowsDiskBuilder.Binary, CatalogueCase.Blob("CN=Contoso CA", isOld: true));
        DateTime now = isPast ? new DateTime(2036, 1, 1, 0, 0, 0, DateTimeKind.Utc) : WindowsDiskBuilder.Now;

        IdentityPlan plan = SwapOfIdentity.PlanOf(old, new WindowsDiskBuilder("MASTER"), SwapOfIdentity.With(now: now));

        Assert.Equal(isWarned, plan.Warnings.Any(warning => warning.Contains("CN=pc7", StringComparison.Ordinal) && warning.Contains("-CarrySet certificates", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("<unattend><AutoLogon><Password><Value>x</Value></Password></AutoLogon></unattend>", true)]
    [InlineData("<unattend><Credentials><Password>x</Password></Credentials></unattend>", true)]
    [InlineData("<unattend><UserAccounts><AdministratorPassword><Value>x</Value><PlainText>true</PlainText></AdministratorPassword></UserAccounts></unattend>", true)]
    [InlineData("<unattend><AutoLogon><Password>*SENSITIVE*DATA*DELETED*</Password></AutoLogon></unattend>", false)]
    [InlineData("<unattend><AutoLogon><Password><Value></Value><PlainText>true</PlainText></Password></AutoLogon></unattend>", false)]
    [InlineData("<unattend><ComputerName>x</ComputerName></unattend>", false)]
    [InlineData("<unattend><Password>x</Password>", true)]
    [InlineData("not even XML", false)]
    [InlineData("", false)]
    public void A_password_in_an_answer_file_is_seen_and_one_that_was_blanked_out_is_none(string xml, bool isPassword) =>
        Assert.Equal(isPassword, AnswerFilePasswords.Any(System.Text.Encoding.UTF8.GetBytes(xml)));

    private static CertificateBlob? Read(byte[] blob)
    {
        using GuestDisk disk = SwapOfIdentity.Open(
            new WindowsDiskBuilder("PC7").Value("SOFTWARE", Store + "9C5C", "Blob", WindowsDiskBuilder.Binary, blob).Build(), "disk");
        RegistryKey key = disk.OpenHive(HiveName.Software).Find(Store + "9C5C")!;
        return CertificateBlob.Read(key);
    }
}
