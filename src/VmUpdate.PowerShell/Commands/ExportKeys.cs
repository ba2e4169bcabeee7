using System.Management.Automation;
using System.Security;
using System.Security.Cryptography.X509Certificates;
using VmUpdate.Core.Identity;
using VmUpdate.PowerShell.Errors;

namespace VmUpdate.PowerShell.Commands;

/// <summary>What -Certificate and -Passphrase mean.</summary>
internal static class ExportKeys
{
    /// <summary>The key to seal under; one of the two must be named.</summary>
    public static ExportKey ToSeal(PSCmdlet cmdlet, X509Certificate2? certificate, SecureString? passphrase)
    {
        if (certificate is null == passphrase is null)
        {
            cmdlet.ThrowTerminatingError(CommandErrors.ProtectionNotNamed());
        }

        return passphrase is not null ? ExportKey.FromPassphrase(passphrase) : ExportKey.FromCertificate(certificate!);
    }

    /// <summary>The key to open with; without any, a certificate that is installed.</summary>
    public static ExportKey ToOpen(PSCmdlet cmdlet, X509Certificate2? certificate, SecureString? passphrase) =>
        certificate is null && passphrase is null ? ExportKey.FromInstalledCertificate() : ToSeal(cmdlet, certificate, passphrase);
}
