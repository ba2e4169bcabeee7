using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace VmUpdate.PowerShell.Tests.Support;

/// <summary>Certificates with their private keys.</summary>
internal static class Certificates
{
    internal static X509Certificate2 Make(X509KeyUsageFlags usage = X509KeyUsageFlags.KeyEncipherment)
    {
        using var rsa = RSA.Create(2048);
        var request = new CertificateRequest("CN=Recovery", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509KeyUsageExtension(usage, critical: true));
        return request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(99));
    }
}
